import KDCDiagnostics

/// log Σ exp(x) over some axes. ONNX `ReduceLogSumExp`, opsets 1, 11, 13, 18; axes are an input from opset 18 on.
///
/// Computed as m + log Σ exp(x − m), with the largest element m, so that no power overflows.
package struct ReduceLogSumExp: LogReduction {
  package static let onnxName = "ReduceLogSumExp"
  package let reduction: Reduction

  func logarithm(_ x: String, _ plan: Reduction.Plan, _ expansion: inout Expansion) throws(Diagnostic) -> String {
    guard !plan.axes.isEmpty else { return try expansion.add("Identity", [x]) }
    // An infinite m would make x − m undefined.
    let largest = Float.greatestFiniteMagnitude
    let m = try expansion.add(
      "Clip",
      [expansion.reduce("ReduceMax", x, axes: plan.axes), expansion.scalar(-largest), expansion.scalar(largest)])
    let powers = try expansion.add("Exp", [expansion.add("Sub", [x, m])])
    let logarithm = try expansion.add("Log", [expansion.reduce("ReduceSum", powers, axes: plan.axes)])
    return try expansion.add("Add", [logarithm, m])
  }
}
