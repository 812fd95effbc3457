import KDCGraph
import KDCProgram

/// Sum of squares over some axes. ONNX `ReduceSumSquare`, opsets 1, 11, 13, 18; axes are an input from opset 18 on.
package struct ReduceSumSquare: ReductionOperator {
  package static let onnxName = "ReduceSumSquare"
  package let reduction: Reduction
  package init(_ reduction: Reduction) { self.reduction = reduction }

  static var steps: Reduction.Steps { Reduction.Steps(.sum, before: FloatFunction(.square)) }
  static func combined(_ sum: Float, _ x: Float) -> Float { sum + x * x }
  static func combined(_ sum: Int64, _ x: Int64) -> Int64 { sum &+ x &* x }
  static var gradient: Reduction.Gradient { .slope { x, _ in 2 * x } }

  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    needsElementwise()
  }
}
