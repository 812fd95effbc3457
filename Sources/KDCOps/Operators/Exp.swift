import KDCGraph
import KDCProgram

/// e^x. ONNX `Exp`, opsets 6, 13.
package struct Exp: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Exp"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.exp) }
  package func apply(_ x: Float) -> Float { FloatMath.exp(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { y }
  package var precision: PrecisionFlow { .steepFunction }
  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    needsElementwise()
  }
}
