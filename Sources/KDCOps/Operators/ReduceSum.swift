import KDCGraph

/// Sum over some axes. ONNX `ReduceSum`, opsets 1, 11, 13; axes are an input from opset 13 on.
package struct ReduceSum: ReductionOperator {
  package static let onnxName = "ReduceSum"
  package let reduction: Reduction
  package init(_ reduction: Reduction) { self.reduction = reduction }
  package static var axesInputSince: Int { 13 }

  static var steps: Reduction.Steps { Reduction.Steps(.sum) }
  static func combined(_ sum: Float, _ x: Float) -> Float { sum + x }
  static func combined(_ sum: Int64, _ x: Int64) -> Int64 { sum &+ x }
  static var gradient: Reduction.Gradient { .even { _ in 1 } }

  /// Squares have twice the range of what they are of.
  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    guard isSquare(node.inputs[0]) else { return nil }
    return PrecisionDemand([(0, .elementwise)])
  }
}
