import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTraining

/// Samples as every command opens them: what is noteworthy about them is said.
enum Samples {
  /// Those of a model whose outputs are judged or taught: throws `labelOutOfRange` and the like for labels that do not fit.
  static func open(_ path: String, for graph: Graph, images: ImageOptions, threads: Threads) throws -> DataSet {
    let data = try open(
      path, inputs: graph.dataInputs, outputs: graph.outputs, images: images, threads: threads)
    try checkLabels(graph.heads(labels: data.labels), of: path)
    return data
  }

  static func checkLabels(_ heads: [Head], of path: String) throws {
    let faults = DistillationTargets.labelFaults(heads)
    guard faults.isEmpty else { throw DiagnosticList(faults.map { $0.located(at: Place(file: path)) }) }
  }

  /// Throws as `DataSet` does.
  static func open(
    _ path: String, inputs: [ValueInfo], outputs: [String], images: ImageOptions, threads: Threads
  ) throws -> DataSet {
    let data = try DataSet(contentsOf: path, inputs: inputs, outputs: outputs, images: images, threads: threads)
    Console.warn(data.warnings)
    return data
  }
}
