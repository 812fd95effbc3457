import KDCDiagnostics
import KDCGraph
import KDCTensor

/// −log softmax(x) at each label. ONNX `SoftmaxCrossEntropyLoss`, opsets 12, 13.
///
/// scores [batch, classes, …], labels [batch, …], perhaps a weight for each class. Outputs the loss and the logarithms.
package struct SoftmaxCrossEntropyLoss: Expanding {
  package static let onnxName = "SoftmaxCrossEntropyLoss"
  package static let inputCount = 2...3
  package static let outputCount = 1...2
  package let loss: LabelLoss

  package init(decoding node: Node) throws(Diagnostic) { loss = try LabelLoss(decoding: node) }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try float(inputs, 0, "scores", &expansion)
    guard expansion.shape(of: x).rank >= 2 else {
      throw shapeMismatch("scores \(expansion.shape(of: x)) must have batch and classes")
    }
    let logarithms = try expansion.add("LogSoftmax", [x], ["axis": .int(1)])
    try finish(inputs, [loss.apply(self, logarithms, inputs, &expansion), logarithms], &expansion)
  }
}
