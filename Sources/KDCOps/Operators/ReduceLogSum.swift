import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Logarithm of the sum over some axes. ONNX `ReduceLogSum`, opsets 1, 11, 13, 18; axes are an input from opset 18 on.
package struct ReduceLogSum: Expanding {
  package static let onnxName = "ReduceLogSum"
  package static let inputCount = 1...2
  package let reduction: Reduction

  package init(decoding node: Node) throws(Diagnostic) {
    reduction = try Reduction(decoding: node, axesInputSince: 18)
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try float(inputs, 0, "data", &expansion)
    let plan = try reduction.plan(self, input: expansion.shape(of: x), given: constantInts(inputs, 1, "axes"))
    if let value = try plan.emptyResult(-.infinity, &expansion) { return try finish(inputs, [value], &expansion) }
    let sum =
      plan.axes.isEmpty
      ? x : try expansion.reduce("ReduceSum", x, axes: plan.axes, keeps: reduction.keepsDimensions)
    try finish(inputs, [expansion.add("Log", [sum])], &expansion)
  }
}

extension Reduction.Plan {
  /// The output where it is made of no elements and so does not depend on any; nil otherwise.
  func emptyResult(_ value: Float, _ expansion: inout Expansion) throws(Diagnostic) -> String? {
    guard count == 0 else { return nil }
    return try expansion.add(
      "Identity", [expansion.constant(Tensor(output, [Float](repeating: value, count: output.count)))])
  }
}
