import KDCTensor

/// What training makes small: a sum over samples of a loss of a model's values.
package protocol Objective: Sendable {
  /// The sum of the losses of some samples, and its gradients.
  ///
  /// - Parameters:
  ///   - tape: of a forward run on these samples, in their order.
  ///   - samples: their indices, to look targets up by.
  ///   - factor: multiplies loss and gradients; 1 / batch size makes the sum over a batch its mean.
  /// - Returns: gradients by the name of the value, an output or any other.
  func evaluate(
    _ tape: Tape, samples: [Int], factor: Double
  ) throws -> (loss: Double, gradients: [String: Tensor])
}
