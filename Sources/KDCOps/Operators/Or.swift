import KDCGraph

/// Logical or of two bool inputs with broadcasting. ONNX `Or`, opset 7.
package struct Or: LogicalOperation {
  package static let onnxName = "Or"
  package init() {}

  static func apply(_ a: Bool, _ b: Bool) -> Bool { a || b }
}

extension Or: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws { try lowerLogic(node, .or, into: &lowering) }
}
