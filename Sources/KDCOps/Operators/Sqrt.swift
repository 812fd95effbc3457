import KDCGraph
import KDCProgram

/// Square root; NaN below 0. ONNX `Sqrt`, opsets 6, 13.
package struct Sqrt: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Sqrt"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.sqrt) }
  package func apply(_ x: Float) -> Float { x.squareRoot() }
  func derivative(_ x: Float, _ y: Float) -> Float { 0.5 / y }
  package var precision: PrecisionFlow { .elementwise(0...0) }
  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    PrecisionDemand([(0, .layer)])
  }
}
