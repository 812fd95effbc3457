import KDCTensor

/// One operator application. Plain data; `KDCOps` decodes it into a typed operator.
package struct Node: Sendable {
  package var name: String
  /// ONNX operator name, "Conv".
  package var opType: String
  /// "" is the default ONNX domain; "com.microsoft" holds the fused operators that passes make (FusedConv, FusedGemm).
  package var domain: String
  /// Version of the node's operator set.
  package var opset: Int
  /// Value names; "" where an optional input is absent.
  package var inputs: [String]
  package var outputs: [String]
  package var attributes: [String: Attribute]
  /// The quantiser's word that the node computes in float even where its values have int8 forms for others.
  package var staysFloat = false

  package init(
    name: String, opType: String, domain: String = "", opset: Int, inputs: [String], outputs: [String],
    attributes: [String: Attribute] = [:]
  ) {
    self.name = name
    self.opType = opType
    self.domain = domain
    self.opset = opset
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
  }

  /// Name of input `index`, or nil where it is absent.
  package func input(_ index: Int) -> String? {
    index < inputs.count && !inputs[index].isEmpty ? inputs[index] : nil
  }
}

/// An attribute's value, as ONNX's AttributeProto has it.
package enum Attribute: Sendable {
  case int(Int64)
  case float(Float)
  case string(String)
  case tensor(Tensor)
  case ints([Int64])
  case floats([Float])
  case strings([String])
  indirect case graph(Graph)
}
