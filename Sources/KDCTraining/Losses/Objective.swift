import KDCTensor

/// What training minimises: a sum over samples of a loss of a model's values.
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

/// The sum of several objectives.
package struct CombinedObjective: Objective {
  private let parts: [any Objective]
  package init(_ parts: [any Objective]) { self.parts = parts }

  package func evaluate(
    _ tape: Tape, samples: [Int], factor: Double
  ) throws -> (loss: Double, gradients: [String: Tensor]) {
    var total = 0.0
    var gradients: [String: Tensor] = [:]
    for part in parts {
      let (loss, own) = try part.evaluate(tape, samples: samples, factor: factor)
      total += loss
      for name in own.keys.sorted() {
        guard let tensor = own[name] else { continue }
        if gradients[name] == nil { gradients[name] = tensor } else { gradients[name]?.add(tensor) }
      }
    }
    return (total, gradients)
  }
}
