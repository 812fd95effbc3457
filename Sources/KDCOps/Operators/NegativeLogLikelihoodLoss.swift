import KDCDiagnostics
import KDCGraph
import KDCTensor

/// −x at each label, x being logarithms of probabilities. ONNX `NegativeLogLikelihoodLoss`, opsets 12, 13, 22.
///
/// x [batch, classes, …], labels [batch, …], perhaps a weight for each class; a mean is divided by the sum of weights.
package struct NegativeLogLikelihoodLoss: Expanding {
  package static let onnxName = "NegativeLogLikelihoodLoss"
  package static let inputCount = 2...3
  package let loss: LabelLoss

  package init(decoding node: Node) throws(Diagnostic) { loss = try LabelLoss(decoding: node) }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try float(inputs, 0, "input", &expansion)
    try finish(inputs, [loss.apply(self, x, inputs, &expansion)], &expansion)
  }
}
