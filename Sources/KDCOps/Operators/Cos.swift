import Foundation
import KDCGraph
import KDCProgram

/// Cosine of x radians. ONNX `Cos`, opsets 7, 22.
package struct Cos: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Cos"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.cos) }
  package func apply(_ x: Float) -> Float { FloatMath.cos(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { -Foundation.sin(x) }
}
