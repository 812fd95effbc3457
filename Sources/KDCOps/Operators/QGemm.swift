import KDCDiagnostics
import KDCGraph
import KDCTensor

/// alpha · op(A) · op(B) + C of quantised matrices, C being int32 in units of the product. `com.microsoft.QGemm`: A, a_scale,
/// a_zero_point, B, b_scale, b_zero_point, C, y_scale, y_zero_point; without a scale of y the result is float32.
package struct QGemm: Expanding {
  package static let onnxName = "QGemm"
  package static let domain = "com.microsoft"
  package static let inputCount = 6...9
  private let alpha: Float
  private let transposeA: Bool
  private let transposeB: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    alpha = try node.float("alpha", default: 1)
    transposeA = try node.flag("transA", default: false)
    transposeB = try node.flag("transB", default: false)
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let type = try requiredBytes(inputs, 0, "A").dataType
    _ = try requiredBytes(inputs, 3, "B")
    let a = try expansion.dequantized(0, scale: 1, zeroPoint: 2)
    let b = try expansion.dequantized(3, scale: 4, zeroPoint: 5, axis: transposeB ? 0 : 1)
    var operands = [a, b]
    if let c = expansion.operand(6) {
      // C = alpha · scales · integers.
      let bias = try expansion.dequantizedBias(c, scales: (1, 4))
      operands.append(alpha == 1 ? bias : try expansion.add("Mul", [bias, expansion.scalar(alpha)]))
    }
    let y = try expansion.add(
      "Gemm", operands,
      ["alpha": .float(alpha), "transA": .int(transposeA ? 1 : 0), "transB": .int(transposeB ? 1 : 0)])
    guard expansion.operand(7) != nil else { return expansion.outputs = [y] }
    expansion.outputs = [try expansion.quantized(y, scale: 7, zeroPoint: 8, like: type)]
  }
}
