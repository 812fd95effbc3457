import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// A node with constant weights, taken apart: the linear part, the residual that is added to it, the activation.
struct WeightedNode {
  /// The node without residual and activation, decoded.
  let linear: any Operator
  let input: String
  let weights: String
  let bias: String?
  let residual: String?
  /// Channels of the weights and of the output.
  let weightAxis: Int
  let channelAxis: Int
  /// The fused activation as a clamp; −∞...∞ where there is none.
  let clamp: ClosedRange<Float>

  /// Weights of 4 and 7 bits have an integer form.
  let takesFewBits: Bool

  /// Name of the weights if the node's operator is a layer with weights.
  static func weights(of node: Node) -> String? {
    Operators.type(of: node) is any WeightedLayer.Type ? node.input(1) : nil
  }

  /// nil where the node has no weights. `outputRank` is that of the node's output.
  init?(_ node: Node, outputRank: Int) throws {
    guard Operators.type(of: node) is any WeightedLayer.Type, let input = node.input(0), let weights = node.input(1),
      let layer = try Operators.decode(node) as? any WeightedLayer
    else { return nil }
    self.input = input
    self.weights = weights
    bias = node.input(2)
    let type = type(of: layer)
    residual = type.residualInput.flatMap { node.input($0) }
    weightAxis = type.weightAxis
    channelAxis = type.channelAxis(rank: outputRank)
    takesFewBits = type.takesFewBits
    let (low, high) = layer.activation.bounds
    guard low <= high else { throw InternalError("node '\(node.name)' has no clip bounds") }
    clamp = low...high
    var bare = node
    bare.inputs = [input, weights, node.input(2) ?? ""]
    bare.attributes["activation"] = nil
    bare.attributes["activation_params"] = nil
    linear = try Operators.decode(bare)
  }

  /// Weights of an output channel.
  func depth(of weights: Tensor) -> Int { weights.count / max(weights.shape[weightAxis], 1) }

  /// The linear part and the residual, before the activation.
  func preActivation(input: Tensor, weights: Tensor, bias: Tensor?, residual: Tensor?) throws -> Tensor {
    guard let sum = try linear.evaluate([input, weights, bias]).first, var values = sum.floats else {
      throw InternalError("'\(self.weights)' gave no float output")
    }
    if let other = residual?.floats, other.count == values.count {
      values.withUnsafeMutableBufferPointer { values in
        other.withUnsafeBufferPointer { other in
          for index in values.indices { values[index] += other[index] }
        }
      }
    }
    return Tensor(sum.shape, values)
  }

  /// Sum over everything but the channels.
  func channelSums(_ tensor: Tensor) -> [Double] {
    let channels = tensor.shape[channelAxis]
    let inner = tensor.shape.dims[(channelAxis + 1)...].reduce(1, *)
    var sums = [Double](repeating: 0, count: channels)
    (tensor.floats ?? []).withUnsafeBufferPointer { values in
      var start = 0
      while start < values.count {
        for channel in 0..<channels {
          sums[channel] += sum(values, from: start, inner)
          start &+= inner
        }
        if inner == 0 { return }
      }
    }
    return sums
  }

  /// Four partial sums, which vector instructions take at once, then the rest.
  private func sum(_ values: UnsafeBufferPointer<Float>, from start: Int, _ count: Int) -> Double {
    var parts = SIMD4<Double>.zero
    var index = start
    while index &+ 4 <= start &+ count {
      parts += SIMD4(
        Double(values[index]), Double(values[index &+ 1]), Double(values[index &+ 2]), Double(values[index &+ 3]))
      index &+= 4
    }
    var total = parts.sum()
    while index < start &+ count {
      total += Double(values[index])
      index &+= 1
    }
    return total
  }

  /// clamp(x + offset[channel]).
  func activated(_ tensor: Tensor, offsets: [Float]?) -> Tensor {
    guard var values = tensor.floats else { return tensor }
    let channels = tensor.shape[channelAxis]
    let inner = tensor.shape.dims[(channelAxis + 1)...].reduce(1, *)
    let (low, high) = (clamp.lowerBound, clamp.upperBound)
    values.withUnsafeMutableBufferPointer { values in
      var channel = 0
      var start = 0
      while start < values.count && inner > 0 {
        let offset = offsets?[channel] ?? 0
        for index in start..<(start &+ inner) {
          let x = values[index] + offset
          values[index] = x < low ? low : x > high ? high : x
        }
        start &+= inner
        channel = channel &+ 1 == channels ? 0 : channel &+ 1
      }
    }
    return Tensor(tensor.shape, values)
  }
}

extension Node {
  /// What options and reports call the node: its name, or that of its first output.
  package var key: String { name.isEmpty ? outputs.first ?? "" : name }
}
