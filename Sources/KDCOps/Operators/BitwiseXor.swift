import KDCDiagnostics
import KDCGraph
import KDCProgram

/// The bits of a exclusive or those of b, integers with broadcasting. ONNX `BitwiseXor`, opset 18.
package struct BitwiseXor: BitwiseOperation {
  package static let onnxName = "BitwiseXor"
  package init(decoding node: Node) throws(Diagnostic) {}

  package var operation: IntegerBinaryStep.Operation { .bitXor }
  package func apply<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a ^ b }
}
