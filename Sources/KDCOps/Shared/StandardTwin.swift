import KDCDiagnostics
import KDCGraph

/// An operator of another domain that is ONNX's own of the same name.
protocol StandardTwin: Expanding {
  /// Those that the node passes on.
  static var attributes: [String] { get }
  var attributes: [String: Attribute] { get }
  init(attributes: [String: Attribute])
}

extension StandardTwin {
  package init(decoding node: Node) throws(Diagnostic) {
    self.init(attributes: node.attributes.filter { Self.attributes.contains($0.key) })
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    expansion.outputs = [try expansion.add(Self.onnxName, expansion.inputs, attributes)]
  }
}
