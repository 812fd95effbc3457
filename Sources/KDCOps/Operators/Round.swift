import KDCProgram

/// Nearest integer, halves to even. ONNX `Round`, opset 11.
package struct Round: PlainUnaryFunction {
  package static let onnxName = "Round"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.round) }
  package func apply(_ x: Float) -> Float { x.rounded(.toNearestOrEven) }
  package var precision: PrecisionFlow { .other }
}
