import KDCGraph
import KDCTensor

extension Graph {
  /// Multiply-accumulates of one inference: convolutions, products and recurrences, as their weights are used.
  package var macs: Int { nodes.reduce(0) { $0 + multiplyAccumulates(of: $1) } }

  /// Multiply-accumulates of one node: convolutions, matrix products and recurrent layers; 0 for all else.
  ///
  /// Types must have been inferred. Padding counts as if it were data, as is usual.
  package func multiplyAccumulates(of node: Node) -> Int {
    func shape(_ index: Int) -> Shape? { node.input(index).flatMap { types[$0]?.shape ?? initializers[$0]?.shape } }
    let outputs = node.outputs.first.flatMap { types[$0] }?.shape.count ?? 0
    switch node.opType {
    case "Conv", "FusedConv", "QLinearConv", "ConvInteger":
      guard let weight = shape(node.opType == "QLinearConv" ? 3 : 1), weight.rank >= 2, weight[0] > 0 else { return 0 }
      return outputs * (weight.count / weight[0])
    case "ConvTranspose":
      guard let weight = shape(1), let input = shape(0), weight.rank >= 2, weight[0] > 0 else { return 0 }
      return input.count * (weight.count / weight[0])
    case "MatMul", "Gemm", "FusedGemm", "FusedMatMul":
      guard let left = shape(0), left.rank > 0 else { return 0 }
      var isTransposed = false
      if case .int(1)? = node.attributes["transA"] { isTransposed = true }
      return outputs * (isTransposed ? left[0] : left[left.rank - 1])
    case "LSTM", "GRU", "RNN":
      guard let input = shape(0), let weight = shape(1), let recurrent = shape(2), input.rank == 3 else { return 0 }
      return input[0] * input[1] * (weight.count + recurrent.count)
    default: return 0
    }
  }

  /// Most bytes of activations alive at one time when the nodes run in order and each value is stored once, in its
  /// type: a bound for comparing models, not the bundle's arena.
  package var peakActivationBytes: Int { activationPeak.bytes }

  /// The same with the index of the node where it is reached; nil: before the first.
  var activationPeak: (bytes: Int, node: Int?) {
    var lastUse: [String: Int] = [:]
    for (index, node) in nodes.enumerated() { for name in node.reads { lastUse[name] = index } }
    for name in outputs { lastUse[name] = nodes.count }
    var live = inputs.reduce(0) { $0 + $1.type.byteCount }
    var peak: (bytes: Int, node: Int?) = (live, nil)
    var dying: [Int: [String]] = [:]
    for (name, index) in lastUse where initializers[name] == nil { dying[index, default: []].append(name) }
    for (index, node) in nodes.enumerated() {
      live += node.outputs.reduce(0) { $0 + (types[$1]?.byteCount ?? 0) }
      if live > peak.bytes { peak = (live, index) }
      for name in dying[index] ?? [] { live -= types[name]?.byteCount ?? 0 }
      for name in node.outputs where lastUse[name] == nil { live -= types[name]?.byteCount ?? 0 }
    }
    return peak
  }
}
