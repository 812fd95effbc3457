import KDCProgram

/// Sum of the magnitudes over some axes. ONNX `ReduceL1`, opsets 1, 11, 13, 18; axes are an input from opset 18 on.
package struct ReduceL1: ReductionOperator {
  package static let onnxName = "ReduceL1"
  package let reduction: Reduction
  package init(_ reduction: Reduction) { self.reduction = reduction }

  static var steps: Reduction.Steps { Reduction.Steps(.sum, before: FloatFunction(.abs)) }
  static func combined(_ sum: Float, _ x: Float) -> Float { sum + abs(x) }
  static func combined(_ sum: Int64, _ x: Int64) -> Int64 { sum &+ (x < 0 ? 0 &- x : x) }
  static var gradient: Reduction.Gradient { .slope { x, _ in x > 0 ? 1 : x < 0 ? -1 : 0 } }
}
