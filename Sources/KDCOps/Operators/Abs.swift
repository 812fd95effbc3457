import KDCProgram

/// |x|. ONNX `Abs`, opsets 6, 13.
package struct Abs: PlainUnaryFunction, IntegerUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Abs"
  package init() {}

  package var function: FloatFunction? { FloatFunction(.abs) }
  package func apply(_ x: Float) -> Float { x.magnitude }
  package func apply(_ x: Int64) -> Int64 { x < 0 ? 0 &- x : x }
  func derivative(_ x: Float, _ y: Float) -> Float { x > 0 ? 1 : x < 0 ? -1 : 0 }
}
