import KDCGraph

/// The largest of one or more inputs, element by element; NaN wins, with broadcasting. ONNX `Max`, opsets 8, 12, 13.
package struct Max: BinaryArithmetic, Selection {
  package static let onnxName = "Max"
  package init() {}
  package static var isVariadic: Bool { true }

  static func apply<T: ArithmeticNumber>(_ a: T, _ b: T) -> T { a < b || b != b ? b : a }
}

extension Max: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if try lowerWithConstant(node, into: &lowering, { $0 > $1 || $0 != $0 ? $0 : $1 }) { return }
    try lowerFold(node, .maximum, into: &lowering)
  }
}
