import KDCDiagnostics
import KDCGraph
import KDCProgram

/// The bits of a or those of b, integers with broadcasting. ONNX `BitwiseOr`, opset 18.
package struct BitwiseOr: BitwiseOperation {
  package static let onnxName = "BitwiseOr"
  package init(decoding node: Node) throws(Diagnostic) {}

  package var operation: IntegerBinaryStep.Operation { .bitOr }
  package func apply<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a | b }
}
