import KDCGraph

/// Logical and of two bool inputs with broadcasting. ONNX `And`, opset 7.
package struct And: LogicalOperation {
  package static let onnxName = "And"
  package init() {}

  static func apply(_ a: Bool, _ b: Bool) -> Bool { a && b }
}

extension And: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws { try lowerLogic(node, .and, into: &lowering) }
}
