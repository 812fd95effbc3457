import KDCGraph

/// a · b, with broadcasting. ONNX `Mul`, opsets 7, 13, 14. Integers wrap.
package struct Mul: BinaryArithmetic, Quantizable, DifferentiablePair {
  package static let onnxName = "Mul"
  package init() {}
  package var quantizationRule: QuantizationRule { .integer }

  static func apply<T: ArithmeticNumber>(_ a: T, _ b: T) -> T { a.times(b) }
  static func derivatives(_ a: Float, _ b: Float) -> (a: Float, b: Float) { (b, a) }
}

extension Mul: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if try lowerWithConstant(node, into: &lowering, *) { return }
    if try lowering.integerMultiply(node.inputs[0], node.inputs[1], node.outputs[0]) { return }
    try lowerFold(node, .multiply, into: &lowering)
  }
}
