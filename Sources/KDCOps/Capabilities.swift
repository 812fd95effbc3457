import KDCDiagnostics
import KDCTensor

/// An operator whose outputs follow from the types of its inputs alone, such as Shape and Size.
package protocol TypeDetermined: Operator {
  /// The outputs for inputs of these types, which have passed `outputTypes`.
  func outputs(forTypes inputs: [OperatorInput?]) throws -> [Tensor]
}

/// An operator worth spreading over threads. The result is the same for every thread count.
package protocol ParallelOperator: Operator {
  func evaluate(_ inputs: [Tensor?], threads: Threads) throws -> [Tensor]
}

extension ParallelOperator {
  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { try evaluate(inputs, threads: .single) }
}
