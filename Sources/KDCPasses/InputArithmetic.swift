import KDCGraph

extension Graph {
  /// Whether `value` is an input of the model, or made of one by moving it and by arithmetic with constants.
  ///
  /// Such a value is float: a standardisation that the model does itself is exact as long as it stays apart from the first
  /// layer, while the input's own channels may differ too much in size for one int8 scale.
  func isNearInput(_ value: String, _ uses: ValueUses) -> Bool {
    var value = value
    while let index = uses.producers[value], nodes.indices.contains(index) {
      let node = nodes[index]
      let isArithmetic = node.isStandard("Add", "Sub", "Mul", "Div")
      guard
        isArithmetic
          || node.isStandard("Cast", "Flatten", "Identity", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"),
        let data = node.inputs.first(where: { initializers[$0] == nil }),
        !isArithmetic || node.inputs.count(where: { initializers[$0] == nil }) == 1, data != value
      else { return false }
      value = data
    }
    return inputs.contains { $0.name == value }
  }
}
