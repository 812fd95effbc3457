import KDCProgram

/// Smallest integer not below x. ONNX `Ceil`, opsets 6, 13.
package struct Ceil: PlainUnaryFunction {
  package static let onnxName = "Ceil"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.ceil) }
  package func apply(_ x: Float) -> Float { x.rounded(.up) }
  package var precision: PrecisionFlow { .other }
}
