import Foundation
import KDCProgram

/// Error function. ONNX `Erf`, opsets 9, 13.
package struct Erf: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Erf"
  package init() {}

  package var function: FloatFunction? { FloatFunction(.erf) }
  package func apply(_ x: Float) -> Float { FloatMath.erf(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { 1.1283792 * exp(-x * x) }
}
