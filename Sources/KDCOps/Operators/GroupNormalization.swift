import KDCDiagnostics
import KDCGraph
import KDCTensor

/// (x − mean) / sqrt(variance + epsilon) · scale + bias, the statistics over groups of channels of each sample.
/// ONNX `GroupNormalization`, opsets 18, 21.
///
/// scale and bias have a value for each channel; in opset 18, a value for each group.
package struct GroupNormalization: Expanding {
  package static let onnxName = "GroupNormalization"
  package static let inputCount = 3...3
  package let epsilon: Float
  package let groups: Int
  package let scalesGroups: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    epsilon = try node.float("epsilon", default: 1e-5)
    groups = try node.requiredInt("num_groups")
    scalesGroups = node.opset < 21
    guard groups > 0 else { throw node.invalid("num_groups", "is \(groups), must be positive") }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try requiredFloat(inputs, 0, "X")
    guard x.rank >= 2, x[1] % groups == 0 else {
      throw shapeMismatch("input X \(x) must have batch and channels that are a multiple of num_groups (\(groups))")
    }
    let grouped = try expansion.reshape(
      expansion.inputs[0] ?? "", to: [x[0], groups, x.dims[1...].reduce(1, *) / groups])
    let ones = expansion.constant(Tensor([groups], [Float](repeating: 1, count: groups)))
    let zeros = expansion.constant(Tensor([groups], [Float](repeating: 0, count: groups)))
    let normal = try expansion.add("InstanceNormalization", [grouped, ones, zeros], ["epsilon": .float(epsilon)])
    let y = try expansion.reshape(normal, to: x)
    let scale = try factors(1, "scale", of: x, inputs, &expansion)
    let bias = try factors(2, "bias", of: x, inputs, &expansion)
    expansion.outputs = [try expansion.add("Add", [expansion.add("Mul", [y, scale]), bias])]
  }

  /// One value for each channel, of a shape that broadcasts over `x`.
  private func factors(
    _ index: Int, _ name: String, of x: Shape, _ inputs: [OperatorInput?], _ expansion: inout Expansion
  ) throws(Diagnostic) -> String {
    let shape = try requiredFloat(inputs, index, name)
    let (channels, given) = (x[1], expansion.inputs[index] ?? "")
    let tail = [Int](repeating: 1, count: x.rank - 2)
    guard scalesGroups else {
      guard shape.dims == [channels] else { throw shapeMismatch("\(name) \(shape) must be [\(channels)]") }
      return try expansion.reshape(given, to: Shape([channels] + tail))
    }
    guard shape.dims == [groups] else { throw shapeMismatch("\(name) \(shape) must be [\(groups)]") }
    let columns = try expansion.add(
      "Expand", [expansion.reshape(given, to: [groups, 1]), expansion.integers([groups, channels / groups])])
    return try expansion.reshape(columns, to: Shape([channels] + tail))
  }
}
