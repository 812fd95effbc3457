import KDCGraph
import KDCTraining

extension Pipeline {
  /// Runs teacher and student in float over the evaluation samples.
  static func measureFloat(
    _ request: CompileRequest, _ inputs: Inputs, _ log: inout StageLog
  ) throws -> Baseline {
    guard let data = inputs.evaluation else {
      log.did("no samples to measure on")
      return Baseline()
    }
    let student = inputs.student
    var baseline = Baseline(heads: student.heads(labels: data.labels))
    if let teacher = inputs.teacher {
      let outputs = try teacher.outputs(
        of: data, threads: request.threads, progress: log.progress, label: "teacher")
      baseline.teacher = outputs
      log.report.stages.append(
        Report.Stage(
          name: "teacher", metrics: baseline.metrics(of: outputs, against: nil), samples: data.count,
          macs: teacher.macs, bytes: teacher.bytes, accepted: true))
    }
    baseline.student = try GraphRunner(inputs.studentAsRead ?? student).outputs(
      of: data, threads: request.threads, progress: log.progress, label: "student")
    log.report.stages.append(
      Report.Stage(
        name: "student", metrics: baseline.metrics(of: baseline.student, against: baseline.teacher),
        samples: data.count, macs: student.macs, bytes: inputs.studentBytes, accepted: true,
        milliseconds: try inputs.milliseconds(of: student, request)))
    log.did("\(data.count) samples")
    return baseline
  }
}
