import KDCGraph
import KDCProgram

/// 1 / x. ONNX `Reciprocal`, opsets 6, 13.
package struct Reciprocal: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Reciprocal"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.reciprocal) }
  package func apply(_ x: Float) -> Float { 1 / x }
  func derivative(_ x: Float, _ y: Float) -> Float { -y * y }
  package var precision: PrecisionFlow { .elementwise(0...0) }
  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    PrecisionDemand([(0, .layer)])
  }
}
