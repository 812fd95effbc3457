import Foundation
import KDCProgram

/// Integer factors for real ones: finds shifts and multipliers, and proves that nothing overflows.
enum RequantizationChoice {
  /// The multipliers of a layer's channels with its shifts.
  struct Factors {
    var multipliers: [Int32]
    var preShift: Int
    var shift: Int
  }

  /// Factors m · 2^(preShift − 31 − shift) ≈ `factors`, the largest m in 2^30 ..< 2^31 where the shifts allow it.
  /// `bound` is the largest magnitude of an accumulator; nil where acc · 2^preShift would not fit int32.
  static func factors(_ factors: [Double], accumulatorBound bound: Double) -> Factors? {
    guard let largest = factors.max(), largest > 0, largest.isFinite else { return nil }
    // largest = mantissa · 2^exponent with mantissa in ½ ..< 1.
    let exponent = Int(largest.exponent) + 1
    return make(factors, preShift: max(exponent, 0), shift: min(max(-exponent, 0), 16), bound: bound)
  }

  /// The same with the shift raised or lowered so that `ratio` · 2^shift, the residual's multiplier, is precise and
  /// fits int16. nil where no choice is safe: the residual is then added by its own step.
  static func factors(
    _ factors: [Double], accumulatorBound bound: Double, residualRatio ratio: Double
  ) -> (Factors, multiplier: Int)? {
    guard let largest = factors.max(), largest > 0, largest.isFinite, ratio > 0, ratio.isFinite else { return nil }
    let exponent = Int(largest.exponent) + 1
    // From the most precise multiplier down to the least that will do.
    for shift in stride(from: 16, through: 0, by: -1) {
      let multiplier = (ratio * Double(1 << shift)).rounded()
      guard multiplier <= 32767 else { continue }
      guard multiplier >= 128 else { return nil }
      let preShift = max(0, exponent + shift)
      guard preShift <= 15, let result = make(factors, preShift: preShift, shift: shift, bound: bound) else { continue }
      // |h| before the residual is at most the real value · 2^shift.
      let high = bound * largest * Double(1 << shift) + 1
      if high + 255 * multiplier < 0x1p31 { return (result, Int(multiplier)) }
    }
    return nil
  }

  private static func make(_ factors: [Double], preShift: Int, shift: Int, bound: Double) -> Factors? {
    guard preShift <= 15, (bound + 1) * Double(1 << preShift) < 0x1p31 else { return nil }
    let unit = pow(2.0, Double(31 + shift - preShift))
    return Factors(
      multipliers: factors.map { multiplier($0 * unit) }, preShift: preShift, shift: shift)
  }

  /// Bits of a multiplier that are not 0: results are off by less than a hundredth of a step, and the lower bytes of
  /// multipliers compress to nothing.
  private static let multiplierBits = 15

  private static func multiplier(_ real: Double) -> Int32 {
    guard real > 1 else { return 1 }
    let unit = max(1, pow(2.0, Double(Int(real.exponent) + 1 - multiplierBits)))
    let rounded = (real / unit).rounded() * unit
    return Int32(rounded <= Double(Int32.max) ? rounded : 0x1p31 - unit)
  }

  /// The unit that biases are rounded to, a power of two: a 64th of an output step, so that their lower bits compress to
  /// nothing. `factor` is the real factor from accumulator to output.
  static func biasUnit(_ factor: Double) -> Double {
    guard factor > 0, factor.isFinite, factor < 1.0 / 64 else { return 1 }
    return pow(2.0, Double((1 / (64 * factor)).exponent))
  }

  /// The range that a fused activation leaves of an output.
  static func clamp(_ activation: FloatFunction, _ output: Affine) -> (low: Int, high: Int) {
    let (least, most) = (output.limits.lowerBound, output.limits.upperBound)
    func bound(_ value: Float) -> Int {
      let q = (Double(value) / Double(output.scale)).rounded(.toNearestOrEven) + Double(output.zeroPoint)
      return Int(min(max(q, Double(least)), Double(most)))
    }
    switch activation.kind {
    case .relu: return (bound(0), most)
    case .clip:
      let high = activation.b.isNaN ? most : bound(activation.b)
      return (min(activation.a.isNaN ? least : bound(activation.a), high), high)
    default: return (least, most)
    }
  }
}
