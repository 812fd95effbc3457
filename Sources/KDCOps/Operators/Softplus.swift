import Foundation
import KDCProgram

/// log(1 + e^x). ONNX `Softplus`, opset 1.
package struct Softplus: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Softplus"
  package init() {}

  package var function: FloatFunction? { FloatFunction(.softplus) }
  package func apply(_ x: Float) -> Float { FloatMath.softplus(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { 1 / (1 + exp(-x)) }
}
