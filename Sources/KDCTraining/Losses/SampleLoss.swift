/// A loss of one sample, and its gradient with respect to the model's outputs for that sample.
package struct SampleLoss: Sendable {
  package var value: Double
  package var gradient: [Double]

  package init(_ value: Double, _ gradient: [Double]) {
    self.value = value
    self.gradient = gradient
  }

  package static func * (factor: Double, loss: SampleLoss) -> SampleLoss {
    SampleLoss(factor * loss.value, loss.gradient.map { factor * $0 })
  }

  /// The sum; both are of the same outputs.
  package static func + (a: SampleLoss, b: SampleLoss) -> SampleLoss {
    SampleLoss(a.value + b.value, zip(a.gradient, b.gradient).map { $0 + $1 })
  }
}
