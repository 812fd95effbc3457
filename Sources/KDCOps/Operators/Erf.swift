import KDCProgram

/// Error function. ONNX `Erf`, opsets 9, 13.
package struct Erf: PlainUnaryFunction {
  package static let onnxName = "Erf"
  package init() {}

  package var function: FloatFunction? { FloatFunction(.erf) }
  package func apply(_ x: Float) -> Float { FloatMath.erf(x) }
}
