import KDCDiagnostics
import KDCTensor

/// An operator whose outputs have as many elements as its operands' values say: it is given room for as many as there can be,
/// unless all operands are known when compiling.
package protocol ConstantCounting: Operator {
  /// The outputs of constant operands, with the elements that there are.
  func evaluateConstant(_ inputs: [Tensor?]) throws -> [Tensor]
}

extension Operator {
  /// The outputs of operands that are all known when compiling.
  package func folded(_ inputs: [Tensor?]) throws -> [Tensor] {
    try (self as? any ConstantCounting)?.evaluateConstant(inputs) ?? evaluate(inputs)
  }

  /// The types of outputs for operands of which some may be known when compiling.
  func foldedTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let types = try outputTypes(inputs)
    guard let op = self as? any ConstantCounting, inputs.allSatisfy({ $0 == nil || $0?.constant != nil }) else {
      return types
    }
    do { return try op.evaluateConstant(inputs.map { $0?.constant }).map(\.type) } catch let fault as Diagnostic {
      throw fault
    } catch {
      throw Diagnostic(.invalidGraph, "'\(Self.onnxName)' cannot be computed from its constant inputs: \(error)")
    }
  }
}
