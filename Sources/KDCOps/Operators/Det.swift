import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Determinant of each matrix of the last two axes. ONNX `Det`, opsets 11, 22.
package struct Det: StepOperator {
  package static let onnxName = "Det"
  package init(decoding node: Node) throws(Diagnostic) {}

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try requiredFloat(inputs, 0, "X")
    guard x.rank >= 2, let size = x.dims.last, x[x.rank - 2] == size, size >= 1, size <= 2048 else {
      throw shapeMismatch("X \(x) must have square matrices of at most 2048 rows in its last two axes")
    }
    return [TensorType(.float32, Shape(Array(x.dims.dropLast(2))))]
  }

  func step(
    _ name: String, _ inputs: [OperatorInput?], _ operands: [BufferID?], _ outputs: [TensorType], _ results: [BufferID]
  ) throws -> any Step {
    DeterminantStep(
      name: name, input: try operands.required(0), output: results[0], batch: outputs[0].shape.count,
      size: try requiredFloat(inputs, 0, "X").dims.last ?? 1)
  }
}
