import KDCDiagnostics

/// Logarithm of the sum over some axes. ONNX `ReduceLogSum`, opsets 1, 11, 13, 18; axes are an input from opset 18 on.
package struct ReduceLogSum: LogReduction {
  package static let onnxName = "ReduceLogSum"
  package let reduction: Reduction

  func logarithm(_ x: String, _ plan: Reduction.Plan, _ expansion: inout Expansion) throws(Diagnostic) -> String {
    try expansion.add("Log", [plan.axes.isEmpty ? x : expansion.reduce("ReduceSum", x, axes: plan.axes)])
  }
}
