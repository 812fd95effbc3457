import KDCDiagnostics
import KDCGraph
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

/// How an operator's values are represented once a model is quantised to int8.
package enum QuantizationRule: Sendable {
  /// An integer form exists: inputs and outputs are int8, each with its own range.
  case integer
  /// Data movement: the output has its (first) input's scale and zero point.
  case sameAsInput(Movement)
  /// No integer form yet: the operator runs in float; its values stay float unless a neighbour wants them in int8.
  case float
}

/// What an operator does that moves elements without a change.
package enum Movement: Sendable {
  /// All of them, to other places or under another shape, perhaps several times or with others between them.
  case rearrange
  /// Several values become one.
  case join
  /// Parts of a value are taken.
  case cut
  /// It computes, or repeats so much that int8 pays.
  case resample
}

/// An operator whose every output is one of its input's values: what is rounded already is not rounded again.
package protocol ValuePicking: Operator {}

/// An operator that states its quantisation rule; without one it runs in float.
package protocol Quantizable: Operator {
  var quantizationRule: QuantizationRule { get }
}

extension Operator {
  /// How the operator moves elements, where that is all it does.
  package var movement: Movement? {
    guard case .sameAsInput(let movement)? = (self as? any Quantizable)?.quantizationRule else { return nil }
    return movement
  }
}

/// An operator whose every output element is made of the operands' elements at its place.
package protocol Elementwise: Operator {}

/// The same with arithmetic of several operands.
package protocol ElementwiseArithmetic: Elementwise {
  /// Operands are added or subtracted: a constant among them shifts the others.
  static var isSum: Bool { get }
}

extension ElementwiseArithmetic {
  package static var isSum: Bool { false }
}

/// An operator whose cost is that of its multiply-accumulates.
package protocol MultiplyAccumulating: Operator {
  /// Of one inference, for inputs of these shapes (nil: absent, or not known) and the first output that is there. Padding
  /// counts as if it were data, as is usual.
  func multiplyAccumulates(_ inputs: [Shape?], output: Shape) -> Int
}

/// An operator that has a form in program steps.
package protocol Lowerable: Operator {
  /// Appends the steps that compute the node's outputs. Throws `.cannotLower` where there is no form for this use of
  /// the operator.
  func lower(_ node: Node, into lowering: inout Lowering) throws
}

extension Operator {
  /// KDC4001; `problem` continues "'Conv' …".
  func cannotLower(_ node: Node, _ problem: String, hint: String? = nil) -> Diagnostic {
    Diagnostic(.cannotLower, "'\(node.opType)' \(problem)", at: node.place, hint: hint)
  }
}

/// An operator with a gradient: what recovery, importance and distillation differentiate through.
///
/// Values carry any number of samples along their first dimension, as the forward evaluation does.
package protocol Differentiable: Operator {
  /// The gradients of a scalar L with respect to the inputs, from those with respect to the outputs (reverse mode).
  ///
  /// - Parameters:
  ///   - inputs: what `evaluate` was given.
  ///   - outputs: what `evaluate` returned for them.
  ///   - outputGradients: ∂L/∂output, of the output's shape; nil where L does not depend on that output.
  ///   - wanted: for each input, whether its gradient is of use; others need not be computed.
  /// - Returns: for each input ∂L/∂input of the input's shape, summed over broadcast dimensions; nil where it is not
  ///   wanted or the input is not a float tensor.
  func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?]
}

/// An operator that says how the channels of its operands and results belong together, so that channels can be pruned
/// through it. Operands of one that does not are left whole.
package protocol ChannelPassing: Operator {
  /// Labels the outputs with what the axes of the operands carry, and notes how weights are used. The node's types are
  /// inferred.
  func trace(_ node: Node, in trace: inout ChannelTrace) throws

  /// Counts attributes and constants again where channels are removed from the first operand or an output.
  func recount(_ node: inout Node, in removal: inout ChannelRemoval) throws
}

extension ChannelPassing {
  package func recount(_ node: inout Node, in removal: inout ChannelRemoval) throws {}
}

/// A layer with weights whose state goes from step to step of a sequence.
package protocol Recurrent: Operator {}

/// An operator that tells what a model's output means where it computes the output.
package protocol OutputJudging: Operator {
  /// nil where it does not tell; a vector has one axis at most that is not 1.
  static func outputKind(isVector: Bool) -> OutputKind?
}
