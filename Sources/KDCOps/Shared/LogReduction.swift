import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The logarithm of a sum over some axes; axes are an input from opset 18 on. −∞ where the sum has no terms.
protocol LogReduction: Expanding {
  var reduction: Reduction { get }
  init(reduction: Reduction)
  /// The result for float32 `x`, of which `plan` says the axes (some elements, perhaps no axes), in any shape of that many elements.
  func logarithm(_ x: String, _ plan: Reduction.Plan, _ expansion: inout Expansion) throws(Diagnostic) -> String
}

extension LogReduction {
  package static var inputCount: ClosedRange<Int> { 1...2 }

  package init(decoding node: Node) throws(Diagnostic) {
    self.init(reduction: try Reduction(decoding: node, axesInputSince: 18))
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try float(inputs, 0, "data", &expansion)
    let plan = try reduction.plan(self, input: expansion.shape(of: x), given: constantInts(inputs, 1, "axes"))
    guard plan.count > 0 else {
      let nothing = Tensor(plan.output, [Float](repeating: -.infinity, count: plan.output.count))
      return try finish(inputs, [expansion.add("Identity", [expansion.constant(nothing)])], &expansion)
    }
    try finish(inputs, [expansion.reshape(logarithm(x, plan, &expansion), to: plan.output)], &expansion)
  }
}
