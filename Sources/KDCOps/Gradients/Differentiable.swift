import KDCTensor

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
