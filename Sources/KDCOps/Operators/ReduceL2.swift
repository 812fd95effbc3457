import KDCGraph
import KDCProgram

/// Square root of the sum of squares over some axes. ONNX `ReduceL2`, opsets 1, 11, 13, 18; axes are an input from opset 18 on.
package struct ReduceL2: ReductionOperator {
  package static let onnxName = "ReduceL2"
  package let reduction: Reduction
  package init(_ reduction: Reduction) { self.reduction = reduction }

  static var steps: Reduction.Steps {
    Reduction.Steps(.sum, before: FloatFunction(.square), after: FloatFunction(.sqrt))
  }
  static func combined(_ sum: Float, _ x: Float) -> Float { sum + x * x }
  static func combined(_ sum: Int64, _ x: Int64) -> Int64 { sum &+ x &* x }
  static func finished(_ sum: Float, count: Int) -> Float { sum.squareRoot() }
  static func finished(_ sum: Int64, count: Int) -> Int64 { Int64(Double(max(sum, 0)).squareRoot()) }
  /// At 0 any slope in −1...1 would do.
  static var gradient: Reduction.Gradient { .slope { x, y in y > 0 ? x / y : 0 } }

  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    needsElementwise()
  }
}
