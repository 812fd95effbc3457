import KDCProgram

/// x / (1 + |x|). ONNX `Softsign`, opset 1.
package struct Softsign: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Softsign"
  package init() {}

  package var function: FloatFunction? { FloatFunction(.softsign) }
  package func apply(_ x: Float) -> Float { x / (1 + x.magnitude) }
  func derivative(_ x: Float, _ y: Float) -> Float {
    let d = 1 + abs(x)
    return 1 / (d * d)
  }
}
