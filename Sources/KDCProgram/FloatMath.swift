/// Elementary functions in float32 built from + − × ÷ and sqrt alone, so that every target gives the same bits
/// (compiled without contraction). The emitted C (`KDCKernels`) repeats these operations in this order.
package enum FloatMath {
  /// e^x to about 1 ulp: x = n·ln2 + r by Cody and Waite's two-part reduction, a polynomial of degree 6 in r
  /// (Cephes' expf coefficients), scaling by 2^n through the exponent bits. Clamped to ±87.33; NaN gives exp(−87.33).
  package static func exp(_ value: Float) -> Float {
    var x = value > -87.33 ? value : -87.33
    x = x < 88.37 ? x : 88.37
    let n = (x * 1.4426950408889634).rounded(.toNearestOrEven)
    let r = (x - n * 0.693359375) - n * -2.12194440e-4
    var p: Float = 1.9875691500e-4
    p = p * r + 1.3981999507e-3
    p = p * r + 8.3334519073e-3
    p = p * r + 4.1665795894e-2
    p = p * r + 1.6666665459e-1
    p = p * r + 5.0000001201e-1
    p = p * (r * r)
    p = (p + r) + 1
    let bits = UInt32(truncatingIfNeeded: (Int32(n) + 127) << 23)
    return p * Float(bitPattern: bits)
  }

  /// 1 / (1 + e^−x).
  package static func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }

  /// 1 − 2 / (e^2x + 1); odd polynomial below |x| = 0.625 (Cephes' tanhf).
  package static func tanh(_ x: Float) -> Float {
    let magnitude = x < 0 ? -x : x
    if magnitude < 0.625 {
      let s = x * x
      var p: Float = -5.70498872745e-3
      p = p * s + 2.06390887954e-2
      p = p * s + -5.37397155531e-2
      p = p * s + 1.33314422036e-1
      p = p * s + -3.33332819422e-1
      p = p * s
      return p * x + x
    }
    let t = 1 - 2 / (exp(2 * magnitude) + 1)
    return x < 0 ? -t : t
  }
}
