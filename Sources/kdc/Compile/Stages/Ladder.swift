import KDCCompression
import KDCGraph
import KDCTargets
import KDCTensor
import KDCTraining

extension Compilation {
  /// Measures a float graph on the evaluation samples and adds it to the report. Nothing is decided by it.
  mutating func addRung(_ name: String, _ graph: Graph, accepted: Bool = true, progress: Progress) throws {
    guard let data = evaluation else { return }
    let outputs = try GraphRunner(graph).outputs(of: data, threads: request.threads, progress: progress, label: name)
    smallerOutputs = outputs
    report.stages.append(
      Report.Stage(
        name: name, metrics: metrics(of: outputs, against: teacherOutputs ?? studentOutputs),
        againstStudent: teacherOutputs.map { _ in metrics(of: outputs, against: studentOutputs) }, samples: data.count,
        macs: graph.macs, bytes: graph.weightBytes, accepted: accepted, milliseconds: try milliseconds(of: graph)))
  }

  /// Estimated as int8 on every target; nil for a model that stays float.
  func milliseconds(of graph: Graph) throws -> [String: Double]? {
    guard request.activations == .int8, let sample = try calibration?.sample(0) else { return nil }
    return try ModelEstimate(
      graph, sample: sample, targets: request.targets, countsSize: false, threads: request.threads
    ).milliseconds
  }
}

extension Graph {
  /// Bytes of all initializers.
  var weightBytes: Int { initializers.values.reduce(0) { $0 + $1.byteCount } }
}
