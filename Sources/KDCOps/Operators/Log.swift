import KDCGraph
import KDCProgram

/// Natural logarithm; NaN below 0. ONNX `Log`, opsets 6, 13.
package struct Log: PlainUnaryFunction, DifferentiableFunction {
  package static let onnxName = "Log"
  package init() {}

  package var quantizationRule: QuantizationRule { .float }
  package var function: FloatFunction? { FloatFunction(.log) }
  package func apply(_ x: Float) -> Float { FloatMath.log(x) }
  func derivative(_ x: Float, _ y: Float) -> Float { 1 / x }
  package var precision: PrecisionFlow { .elementwise(0...0) }
  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    PrecisionDemand([(0, .relative)])
  }
}
