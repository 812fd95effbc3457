import KDCProgram

/// 1 / (1 + e^−x). ONNX `Sigmoid`, opsets 6, 13.
package struct Sigmoid: PlainUnaryFunction {
  package static let onnxName = "Sigmoid"
  package init() {}

  package var function: FloatFunction? { FloatFunction(.sigmoid) }
  package func apply(_ x: Float) -> Float { FloatMath.sigmoid(x) }
}
