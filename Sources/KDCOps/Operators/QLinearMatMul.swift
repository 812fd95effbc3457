import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The product of quantised matrices, quantised. ONNX `QLinearMatMul`, opsets 10, 21.
///
/// One scale for each operand; of a matrix also one for each row of a or column of b.
package struct QLinearMatMul: Expanding {
  package static let onnxName = "QLinearMatMul"
  package static let inputCount = 8...8

  package init(decoding node: Node) throws(Diagnostic) {}

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let a = try requiredBytes(inputs, 0, "a").shape
    let b = try requiredBytes(inputs, 3, "b").shape
    let type = try requiredBytes(inputs, 7, "y_zero_point").dataType
    let left = try expansion.dequantized(0, scale: 1, zeroPoint: 2, axis: max(a.rank - 2, 0))
    let right = try expansion.dequantized(3, scale: 4, zeroPoint: 5, axis: max(b.rank - 1, 0))
    let product = try expansion.add("MatMul", [left, right])
    let rank = expansion.shape(of: product).rank
    expansion.outputs = [
      try expansion.quantized(product, scale: 6, zeroPoint: 7, like: type, axis: max(rank - 2, 0))
    ]
  }
}
