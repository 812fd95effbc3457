import KDCProgram

/// Square root; NaN below 0. ONNX `Sqrt`, opsets 6, 13.
package struct Sqrt: PlainUnaryFunction {
  package static let onnxName = "Sqrt"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.sqrt) }
  package func apply(_ x: Float) -> Float { x.squareRoot() }
}
