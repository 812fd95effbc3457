/// Largest element over some axes. ONNX `ReduceMax`, opsets 1, 11, 12, 13, 18, 20; axes are an input from opset 18 on.
package struct ReduceMax: ReductionOperator {
  package static let onnxName = "ReduceMax"
  package let reduction: Reduction
  package init(_ reduction: Reduction) { self.reduction = reduction }

  static var allowsBool: Bool { true }
  static var steps: Reduction.Steps { Reduction.Steps(.maximum) }
  static func combined(_ largest: Float, _ x: Float) -> Float { x > largest ? x : largest }
  static func combined(_ largest: Int64, _ x: Int64) -> Int64 { max(largest, x) }
  static var start: (float: Float, integer: Int64) { (-.infinity, .min) }
  static var gradient: Reduction.Gradient { .first }
}
