import KDCDiagnostics
import KDCGraph
import KDCTensor

/// log Σ exp(x) over some axes. ONNX `ReduceLogSumExp`, opsets 1, 11, 13, 18; axes are an input from opset 18 on.
///
/// Computed as m + log Σ exp(x − m), with the largest element m, so that no power overflows.
package struct ReduceLogSumExp: Expanding {
  package static let onnxName = "ReduceLogSumExp"
  package static let inputCount = 1...2
  package let reduction: Reduction

  package init(decoding node: Node) throws(Diagnostic) {
    reduction = try Reduction(decoding: node, axesInputSince: 18)
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try float(inputs, 0, "data", &expansion)
    let plan = try reduction.plan(self, input: expansion.shape(of: x), given: constantInts(inputs, 1, "axes"))
    if let value = try plan.emptyResult(-.infinity, &expansion) { return try finish(inputs, [value], &expansion) }
    guard !plan.axes.isEmpty else { return try finish(inputs, [expansion.add("Identity", [x])], &expansion) }
    // An infinite m would make x − m undefined.
    let largest = Float.greatestFiniteMagnitude
    let m = try expansion.add(
      "Clip",
      [
        expansion.reduce("ReduceMax", x, axes: plan.axes), expansion.scalar(-largest), expansion.scalar(largest),
      ])
    let powers = try expansion.add("Exp", [expansion.add("Sub", [x, m])])
    let logarithm = try expansion.add("Log", [expansion.reduce("ReduceSum", powers, axes: plan.axes)])
    let sum = try expansion.add("Add", [logarithm, m])
    try finish(inputs, [expansion.reshape(sum, to: plan.output)], &expansion)
  }
}
