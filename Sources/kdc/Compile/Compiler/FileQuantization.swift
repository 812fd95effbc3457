import KDCCompression
import KDCGraph

extension Compiler {
  /// A model that was quantised before, with its own scales and zero points; nil where it was not, or where what is asked for
  /// changes its values: samples then choose other ranges.
  func quantizeAsInFile(_ graph: Graph) throws -> QuantizedModel? {
    guard request.activations == .int8, !graph.givenQuantization.isEmpty else { return nil }
    let isOther = request.isGuided || request.weights != .int8
    guard !isOther || inputs.calibration == nil else { return nil }
    var found = try FileQuantization(graph, threads: request.threads)
    guard !found.graph.quantization.isEmpty else { return nil }
    let slow = try slowLayers(of: found.graph) { float in
      try FileQuantization(graph, floatNodes: float, threads: request.threads).graph
    }
    if !slow.isEmpty { found = try FileQuantization(graph, floatNodes: slow, threads: request.threads) }
    return QuantizedModel(graph: found.graph, float: found.float, isFromFile: true, rounded: found.rounded)
  }
}
