import KDCProgram

/// Logical exclusive or of two bool inputs with broadcasting. ONNX `Xor`, opset 7.
package struct Xor: LogicalOperation {
  package static let onnxName = "Xor"
  package init() {}
  package static var operation: IntegerBinaryStep.Operation { .xor }

  static func apply(_ a: Bool, _ b: Bool) -> Bool { a != b }
}
