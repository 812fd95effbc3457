import KDCDiagnostics
import KDCGraph

/// Quantised tensors joined along an axis, in one representation. `com.microsoft.QLinearConcat`: Y_scale, Y_zero_point, then
/// tensor, scale and zero point of each.
package struct QLinearConcat: Expanding {
  package static let onnxName = "QLinearConcat"
  package static let domain = "com.microsoft"
  package static let inputCount = 5...Int.max - 1
  private let axis: Int

  package init(decoding node: Node) throws(Diagnostic) { axis = try node.requiredInt("axis") }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    guard inputs.count % 3 == 2 else {
      throw shapeMismatch("\(inputs.count) inputs are not two and three for each tensor")
    }
    let type = try requiredBytes(inputs, 1, "Y_zero_point").dataType
    var parts: [String] = []
    for index in stride(from: 2, to: inputs.count, by: 3) {
      _ = try requiredBytes(inputs, index, "tensor \(index / 3)")
      parts.append(try expansion.dequantized(index, scale: index + 1, zeroPoint: index + 2))
    }
    let joined = try expansion.add("Concat", parts, ["axis": .int(Int64(axis))])
    expansion.outputs = [try expansion.quantized(joined, scale: 0, zeroPoint: 1, like: type)]
  }
}
