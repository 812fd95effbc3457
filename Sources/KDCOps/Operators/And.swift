import KDCProgram

/// Logical and of two bool inputs with broadcasting. ONNX `And`, opset 7.
package struct And: LogicalOperation {
  package static let onnxName = "And"
  package init() {}
  package static var operation: IntegerBinaryStep.Operation { .and }

  static func apply(_ a: Bool, _ b: Bool) -> Bool { a && b }
}
