import KDCDiagnostics
import KDCGraph
import KDCTensor

/// What an operator knows of one input while types are inferred: its type, and its value where that is constant.
package struct OperatorInput: Sendable {
  package var type: TensorType
  package var constant: Tensor?
  package init(type: TensorType, constant: Tensor? = nil) {
    self.type = type
    self.constant = constant
  }
}

/// A decoded ONNX operator: attributes with their defaults and versions resolved.
///
/// One file each. What more an operator can do is what it conforms to: `Lowerable`, `Quantizable`.
package protocol Operator: Sendable {
  /// The operator's ONNX name, "Conv".
  static var onnxName: String { get }
  /// "" or "com.microsoft".
  static var domain: String { get }
  /// How many inputs a node may have; those that it must not leave out come first. One, unless the operator says otherwise.
  static var inputCount: ClosedRange<Int> { get }
  /// The same of outputs.
  static var outputCount: ClosedRange<Int> { get }

  /// Reads and checks the attributes. Throws with a place that names the node.
  init(decoding node: Node) throws(Diagnostic)

  /// Types of the outputs; absent optional inputs are nil. Checks ranks, dimensions and data types.
  func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType]

  /// The float reference. Inputs have passed `outputTypes`.
  func evaluate(_ inputs: [Tensor?]) throws -> [Tensor]
}

extension Operator {
  package static var domain: String { "" }
  package static var inputCount: ClosedRange<Int> { 1...1 }
  package static var outputCount: ClosedRange<Int> { 1...1 }
}
