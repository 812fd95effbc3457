import KDCGraph

/// The smallest of one or more inputs, element by element; NaN wins, with broadcasting. ONNX `Min`, opsets 8, 12, 13.
package struct Min: BinaryArithmetic, Selection {
  package static let onnxName = "Min"
  package init() {}
  package static var isVariadic: Bool { true }

  static func apply<T: ArithmeticNumber>(_ a: T, _ b: T) -> T { b < a || b != b ? b : a }
}

extension Min: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if try lowerWithConstant(node, into: &lowering, { $0 < $1 || $0 != $0 ? $0 : $1 }) { return }
    try lowerFold(node, .minimum, into: &lowering)
  }
}
