import KDCProgram

/// Logical or of two bool inputs with broadcasting. ONNX `Or`, opset 7.
package struct Or: LogicalOperation {
  package static let onnxName = "Or"
  package init() {}
  package static var operation: IntegerBinaryStep.Operation { .or }

  static func apply(_ a: Bool, _ b: Bool) -> Bool { a || b }
}
