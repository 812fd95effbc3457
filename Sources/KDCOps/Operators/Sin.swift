import Foundation
import KDCGraph
import KDCProgram

/// Sine of x radians. ONNX `Sin`, opsets 7, 22.
package struct Sin: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Sin"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.sin) }
  package func apply(_ x: Float) -> Float { FloatMath.sin(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { Foundation.cos(x) }
}
