import KDCDiagnostics
import KDCGraph
import KDCTensor

/// An operator of ONNX Runtime that dequantises one operand, computes, and quantises: inputs X, X_scale, X_zero_point,
/// Y_scale, Y_zero_point.
protocol QuantizedFunction: Expanding {
  /// What is computed of the reals.
  func compute(_ x: String, _ expansion: inout Expansion) throws(Diagnostic) -> String
}

extension QuantizedFunction {
  package static var domain: String { "com.microsoft" }
  package static var inputCount: ClosedRange<Int> { 4...5 }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let type = try requiredBytes(inputs, 0, "X").dataType
    let x = try expansion.dequantized(0, scale: 1, zeroPoint: 2)
    let y = try compute(x, &expansion)
    expansion.outputs = [try expansion.quantized(y, scale: 3, zeroPoint: 4, like: type)]
  }
}

/// The same of two operands: A, A_scale, A_zero_point, B, B_scale, B_zero_point, C_scale, C_zero_point.
protocol QuantizedBinary: Expanding {
  /// The float operator.
  static var opType: String { get }
  init()
}

extension QuantizedBinary {
  package static var domain: String { "com.microsoft" }
  package static var inputCount: ClosedRange<Int> { 7...8 }

  package init(decoding node: Node) throws(Diagnostic) { self.init() }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let type = try requiredBytes(inputs, 0, "A").dataType
    _ = try requiredBytes(inputs, 3, "B")
    let a = try expansion.dequantized(0, scale: 1, zeroPoint: 2)
    let b = try expansion.dequantized(3, scale: 4, zeroPoint: 5)
    let c = try expansion.add(Self.opType, [a, b])
    expansion.outputs = [try expansion.quantized(c, scale: 6, zeroPoint: 7, like: type)]
  }
}
