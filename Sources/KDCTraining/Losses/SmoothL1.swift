/// L = Σ hᵢ / n with h = d² / 2β where |d| < β, else |d| − β / 2, and d = x − y: quadratic near 0, linear far out.
///
/// Girshick, "Fast R-CNN", 2015, equation 3 (there β is 1); Huber, "Robust Estimation of a Location Parameter", 1964.
package enum SmoothL1 {
  /// `beta` is positive.
  package static func evaluate(_ values: [Double], target: [Double], beta: Double = 1) -> SampleLoss {
    let n = Double(max(values.count, 1))
    var value = 0.0
    let gradient = zip(values, target).map { x, y in
      let difference = x - y
      let isNear = abs(difference) < beta
      value += isNear ? difference * difference / (2 * beta) : abs(difference) - beta / 2
      return (isNear ? difference / beta : difference < 0 ? -1 : 1) / n
    }
    return SampleLoss(value / n, gradient)
  }
}
