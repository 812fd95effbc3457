/// L = Σ (xᵢ − yᵢ)² / n; the gradient is 2 (xᵢ − yᵢ) / n.
package enum MeanSquaredError {
  package static func evaluate(_ values: [Double], target: [Double]) -> SampleLoss {
    let n = Double(max(values.count, 1))
    let differences = zip(values, target).map { $0 - $1 }
    return SampleLoss(differences.reduce(0) { $0 + $1 * $1 } / n, differences.map { 2 * $0 / n })
  }
}
