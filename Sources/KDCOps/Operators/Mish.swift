import KDCProgram

/// x · tanh(log(1 + e^x)). ONNX `Mish`, opset 18.
package struct Mish: PlainUnaryFunction {
  package static let onnxName = "Mish"
  package init() {}

  package var function: FloatFunction? { FloatFunction(.mish) }
  package func apply(_ x: Float) -> Float { x * FloatMath.tanh(FloatMath.softplus(x)) }
}
