import KDCDiagnostics
import KDCGraph

/// condition ? X : Y of quantised tensors with broadcasting, quantised. `com.microsoft.QLinearWhere`: condition, X, x_scale,
/// x_zero_point, Y, y_scale, y_zero_point, z_scale, z_zero_point.
package struct QLinearWhere: Expanding {
  package static let onnxName = "QLinearWhere"
  package static let domain = "com.microsoft"
  package static let inputCount = 9...9

  package init(decoding node: Node) throws(Diagnostic) {}

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let type = try requiredBytes(inputs, 1, "X").dataType
    _ = try requiredBytes(inputs, 4, "Y")
    let x = try expansion.dequantized(1, scale: 2, zeroPoint: 3)
    let y = try expansion.dequantized(4, scale: 5, zeroPoint: 6)
    let z = try expansion.add("Where", [expansion.inputs[0], x, y])
    expansion.outputs = [try expansion.quantized(z, scale: 7, zeroPoint: 8, like: type)]
  }
}
