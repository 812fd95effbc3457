import KDCTraining

/// Teacher and student in float on the evaluation samples: what every later form of the model is compared with.
struct Baseline: Sendable {
  var heads: [Head] = []
  /// By output and sample; nil without a teacher's model.
  var teacher: [String: [[Float]]]?
  var student: [String: [[Float]]] = [:]

  /// Metrics of every head for outputs `[output][sample]`.
  func metrics(of outputs: [String: [[Float]]], against reference: [String: [[Float]]]?) -> [HeadMetrics] {
    heads.map { HeadMetrics($0, outputs: outputs[$0.name] ?? [], reference: reference?[$0.name]) }
  }

  /// What the report says of a later form of the model, by its outputs on the first samples.
  func stage(
    _ name: String, _ outputs: [String: [[Float]]], samples: Int, macs: Int, bytes: Int, accepted: Bool,
    milliseconds: [String: Double]?
  ) -> Report.Stage {
    let first = first(samples)
    return Report.Stage(
      name: name, metrics: first.metrics(of: outputs, against: first.teacher ?? first.student),
      againstStudent: first.teacher.map { _ in first.metrics(of: outputs, against: first.student) }, samples: samples,
      macs: macs, bytes: bytes, accepted: accepted, milliseconds: milliseconds)
  }

  /// The same on fewer samples.
  func first(_ count: Int) -> Baseline {
    Baseline(
      heads: heads, teacher: teacher?.mapValues { Array($0.prefix(count)) },
      student: student.mapValues { Array($0.prefix(count)) })
  }
}
