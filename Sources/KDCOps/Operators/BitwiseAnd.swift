import KDCDiagnostics
import KDCGraph
import KDCProgram

/// The bits of a and those of b, integers with broadcasting. ONNX `BitwiseAnd`, opset 18.
package struct BitwiseAnd: BitwiseOperation {
  package static let onnxName = "BitwiseAnd"
  package init(decoding node: Node) throws(Diagnostic) {}

  package var operation: IntegerBinaryStep.Operation { .bitAnd }
  package func apply<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a & b }
}
