/// Smallest element over some axes. ONNX `ReduceMin`, opsets 1, 11, 12, 13, 18, 20; axes are an input from opset 18 on.
package struct ReduceMin: ReductionOperator {
  package static let onnxName = "ReduceMin"
  package let reduction: Reduction
  package init(_ reduction: Reduction) { self.reduction = reduction }

  static var allowsBool: Bool { true }
  static var steps: Reduction.Steps { Reduction.Steps(.minimum) }
  static func combined(_ least: Float, _ x: Float) -> Float { x < least ? x : least }
  static func combined(_ least: Int64, _ x: Int64) -> Int64 { min(least, x) }
  static var start: (float: Float, integer: Int64) { (.infinity, .max) }
  static var gradient: Reduction.Gradient { .first }
}
