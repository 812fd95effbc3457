import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Convolution of quantised images by quantised weights, the result quantised. ONNX `QLinearConv`, opset 10.
///
/// Weights have one scale, or one for each output channel; the bias is int32 in units of the scales' product.
package struct QLinearConv: Expanding {
  package static let onnxName = "QLinearConv"
  package static let inputCount = 8...9
  private let convolution: [String: Attribute]

  package init(decoding node: Node) throws(Diagnostic) {
    convolution = node.attributes
    _ = try SpatialWindow(decoding: node)
    guard try node.int("channels_last", default: 0) == 0 else {
      throw node.unsupported("'QLinearConv' with channels_last 1")
    }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    _ = try requiredBytes(inputs, 0, "x")
    _ = try requiredBytes(inputs, 3, "w")
    let type = try requiredBytes(inputs, 7, "y_zero_point").dataType
    let x = try expansion.dequantized(0, scale: 1, zeroPoint: 2)
    let w = try expansion.dequantized(3, scale: 4, zeroPoint: 5)
    var operands = [x, w]
    if inputs.count > 8, let bias = expansion.inputs[8] {
      operands.append(try expansion.dequantizedBias(bias, scales: (1, 4)))
    }
    let y = try expansion.add("Conv", operands, convolution.filter { $0.key != "channels_last" })
    expansion.outputs = [try expansion.quantized(y, scale: 6, zeroPoint: 7, like: type)]
  }
}

extension Expansion {
  /// An int32 bias in units of the product of the scales of input and weights, as reals.
  mutating func dequantizedBias(_ bias: String, scales: (Int, Int)) throws(Diagnostic) -> String {
    let factors = [operand(scales.0) ?? "", operand(scales.1) ?? ""]
    let shape = shape(of: bias)
    let unit = try add("Mul", [reshape(factors[0], to: []), factors[1]])
    return try add("Mul", [cast(bias, to: .float32), reshape(unit, to: self.shape(of: unit).count == 1 ? [] : shape)])
  }
}
