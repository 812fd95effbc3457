import KDCDiagnostics
import KDCGraph
import KDCTensor

/// An operator that is a composition of others, as ONNX's functions are, in all its uses or in some.
///
/// A pass puts the composition in its place before anything else is done with a graph, so that gradients, int8, pruning and
/// program steps have nothing to know of such operators. Until then they are evaluated by their composition.
package protocol Expanding: Operator {
  /// Whether this use is composed of others. True, unless the operator has a form of its own.
  func isExpanded(_ inputs: [OperatorInput?]) -> Bool

  /// Adds the nodes that compute the operator, and names its outputs. Throws for uses that are not supported.
  func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic)
}

extension Expanding {
  package func isExpanded(_ inputs: [OperatorInput?]) -> Bool { true }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    try expandedTypes(inputs)
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { try evaluateExpanded(inputs) }

  /// Types of the outputs of the composition.
  func expandedTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let expansion = try expansion(of: inputs)
    return expansion.outputs.map { expansion.type(of: $0) }
  }

  /// The outputs, computed by the composition.
  func evaluateExpanded(_ inputs: [Tensor?]) throws -> [Tensor] {
    let operands = inputs.map { tensor in tensor.map { OperatorInput(type: $0.type, constant: $0) } }
    let expansion = try expansion(of: operands)
    var graph = expansion.graph
    for (name, tensor) in zip(expansion.inputs, inputs) { if let name { graph.initializers[name] = tensor } }
    let results = try GraphEvaluator(graph).run(inputs: [:])
    return expansion.outputs.compactMap { results[$0] }
  }

  private func expansion(of inputs: [OperatorInput?]) throws(Diagnostic) -> Expansion {
    // Compositions take these by their number.
    for index in 0..<Self.inputCount.lowerBound where index >= inputs.count || inputs[index] == nil {
      throw Diagnostic(.missingInput, "'\(Self.onnxName)' needs input \(index)")
    }
    var expansion = Expansion(
      name: Self.onnxName,
      inputs: inputs.enumerated().map { index, input in input.map { ("input \(index)", $0) } })
    try expand(inputs, into: &expansion)
    return expansion
  }
}
