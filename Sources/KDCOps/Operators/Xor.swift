import KDCGraph

/// Logical exclusive or of two bool inputs with broadcasting. ONNX `Xor`, opset 7.
package struct Xor: LogicalOperation {
  package static let onnxName = "Xor"
  package init() {}

  static func apply(_ a: Bool, _ b: Bool) -> Bool { a != b }
}

extension Xor: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws { try lowerLogic(node, .xor, into: &lowering) }
}
