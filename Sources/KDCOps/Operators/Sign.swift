import KDCProgram

/// −1, 0 or 1; NaN of NaN. ONNX `Sign`, opsets 9, 13.
package struct Sign: PlainUnaryFunction, IntegerUnaryFunction {
  package static let onnxName = "Sign"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.sign) }
  package func apply(_ x: Float) -> Float { x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x }
  package func apply(_ x: Int64) -> Int64 { x.signum() }
}
