import KDCProgram

/// x · clamp(x/6 + 1/2, 0, 1). ONNX `HardSwish`, opset 14.
package struct HardSwish: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "HardSwish"
  package init() {}

  package var function: FloatFunction? { FloatFunction(.hardSwish) }
  package func apply(_ x: Float) -> Float { x * FloatMath.clamp(x * (1 / 6) + 0.5, 0, 1) }
  func derivative(_ x: Float, _ y: Float) -> Float { x <= -3 ? 0 : x >= 3 ? 1 : x * (1 / 3) + 0.5 }
}
