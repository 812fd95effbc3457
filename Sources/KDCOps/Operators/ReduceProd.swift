/// Product over some axes. ONNX `ReduceProd`, opsets 1, 11, 13, 18; axes are an input from opset 18 on.
package struct ReduceProd: ReductionOperator {
  package static let onnxName = "ReduceProd"
  package let reduction: Reduction
  package init(_ reduction: Reduction) { self.reduction = reduction }

  static var steps: Reduction.Steps { Reduction.Steps(.product) }
  static func combined(_ product: Float, _ x: Float) -> Float { product * x }
  static func combined(_ product: Int64, _ x: Int64) -> Int64 { product &* x }
  static var start: (float: Float, integer: Int64) { (1, 1) }
  /// That of a factor 0, the product of the others, is left out.
  static var gradient: Reduction.Gradient { .slope { x, y in x == 0 ? 0 : y / x } }
}
