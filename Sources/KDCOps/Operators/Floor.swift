import KDCProgram

/// Largest integer not above x. ONNX `Floor`, opsets 6, 13.
package struct Floor: PlainUnaryFunction {
  package static let onnxName = "Floor"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.floor) }
  package func apply(_ x: Float) -> Float { x.rounded(.down) }
  package var precision: PrecisionFlow { .other }
}
