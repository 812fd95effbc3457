import KDCGraph

/// Arithmetic mean over some axes. ONNX `ReduceMean`, opsets 1, 11, 13, 18; axes are an input from opset 18 on.
package struct ReduceMean: ReductionOperator {
  package static let onnxName = "ReduceMean"
  package let reduction: Reduction
  package init(_ reduction: Reduction) { self.reduction = reduction }
  package var quantizationRule: QuantizationRule { .integer }

  static var steps: Reduction.Steps { Reduction.Steps(.mean) }
  static func combined(_ sum: Float, _ x: Float) -> Float { sum + x }
  static func combined(_ sum: Int64, _ x: Int64) -> Int64 { sum &+ x }
  static func finished(_ sum: Float, count: Int) -> Float { sum / Float(count) }
  static func finished(_ sum: Int64, count: Int) -> Int64 { count == 0 ? 0 : sum / Int64(count) }
  static var gradient: Reduction.Gradient { .even { 1 / Float(max(1, $0)) } }

  /// Squares have twice the range of what they are of.
  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    guard isSquare(node.inputs[0]) else { return nil }
    return PrecisionDemand([(0, .elementwise)])
  }
}
