import Glibc

/// How the learning rate changes from the first to the last step.
package enum Schedule: Sendable, Hashable {
  case constant
  /// Linear from 0 over the share `warmUp` of the steps, then half a cosine down to the share `floor` of the rate.
  /// Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, equation 5.
  case cosine(warmUp: Double = 0, floor: Double = 0)
  /// Times `factor` at each of the shares `milestones` of the steps.
  case step(milestones: [Double], factor: Double)

  /// The factor on the rate at `step` in 0 ..< total.
  package func factor(at step: Int, of total: Int) -> Double {
    let total = Double(max(total, 1))
    switch self {
    case .constant: return 1
    case .cosine(let warmUp, let floor):
      let first = (warmUp * total).rounded()
      if Double(step) < first { return Double(step + 1) / first }
      let progress = (Double(step) - first) / max(total - first, 1)
      return floor + (1 - floor) * 0.5 * (1 + cos(.pi * min(progress, 1)))
    case .step(let milestones, let factor):
      return milestones.reduce(1) { Double(step) >= $1 * total ? $0 * factor : $0 }
    }
  }
}
