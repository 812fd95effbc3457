import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The input itself. ONNX `Identity`, opsets 1, 13, 14, 16, 19, 21.
package struct Identity: ShapeChange, UnaryScalePassing {
  package static let onnxName = "Identity"
  package init(decoding node: Node) throws(Diagnostic) {}

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    [try required(inputs, 0, "input").type]
  }

  func target(of shape: Shape, given: [Int]?) throws(Diagnostic) -> Shape { shape }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.pass(node) }
}
