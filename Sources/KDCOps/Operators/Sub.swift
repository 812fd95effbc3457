import KDCGraph

/// a − b, with broadcasting. ONNX `Sub`, opsets 7, 13, 14. Integers wrap.
package struct Sub: BinaryArithmetic, Quantizable, WeightedSum {
  package static let onnxName = "Sub"
  package init() {}
  package var quantizationRule: QuantizationRule { .integer }

  static func apply<T: ArithmeticNumber>(_ a: T, _ b: T) -> T { a.minus(b) }
  static func factor(_ index: Int, of count: Int) -> Float { index == 0 ? 1 : -1 }
}

extension Sub: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if try lowerWithConstant(node, into: &lowering, -) { return }
    if try lowering.integerAdd(node.inputs[0], node.inputs[1], node.outputs[0], sign: -1) { return }
    try lowerFold(node, .subtract, into: &lowering)
  }
}
