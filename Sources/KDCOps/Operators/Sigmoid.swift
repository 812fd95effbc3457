import KDCGraph
import KDCProgram

/// 1 / (1 + e^−x). ONNX `Sigmoid`, opsets 6, 13.
package struct Sigmoid: PlainUnaryFunction, DifferentiableFunction, OutputJudging {
  package static let onnxName = "Sigmoid"
  package init() {}

  package var function: FloatFunction? { FloatFunction(.sigmoid) }
  package func apply(_ x: Float) -> Float { FloatMath.sigmoid(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { y * (1 - y) }
  package static func outputKind(isVector: Bool) -> OutputKind? { .sigmoid }
}
