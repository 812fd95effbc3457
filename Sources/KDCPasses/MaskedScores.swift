import KDCGraph
import KDCTensor

/// What passes ask about scores that a mask is added to before a Softmax: the sum must not become part of a layer with
/// weights, whose int8 output would then have room for the mask alone.
extension Graph {
  /// Whether Softmax or LogSoftmax reads `value`, directly or through element-wise operators and data movement.
  func feedsSoftmax(_ value: String, _ uses: ValueUses, depth: Int = 8) -> Bool {
    guard depth > 0 else { return false }
    return (uses.consumers[value] ?? []).contains { index in
      let node = nodes[index]
      if node.isStandard("Softmax", "LogSoftmax") { return true }
      let hands = node.isStandard(
        "Add", "Sub", "Mul", "Div", "Max", "Min", "Clip", "Where", "Cast", "Reshape", "Transpose", "Squeeze",
        "Unsqueeze", "Flatten", "Identity", "Expand", "Slice")
      return hands && node.outputs.contains { feedsSoftmax($0, uses, depth: depth - 1) }
    }
  }

  /// Whether a constant that a sum `output` has hides some of its values: it holds infinity, or some far from the others.
  func isMask(_ constant: Tensor, giving output: String, _ uses: ValueUses) -> Bool {
    guard let values = constant.floats, values.count > 1, let low = values.min(), let high = values.max() else {
      return false
    }
    guard low.isFinite, high.isFinite else { return true }
    return high - low >= 10_000 || (high - low > 16 && feedsSoftmax(output, uses))
  }
}
