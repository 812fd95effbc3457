import Foundation
import KDCProgram
import Testing

/// Every function of the program against float64 over all its domain: a stride through all 2³² bit patterns, which meets
/// both signs, denormals, infinities and NaN, and the edges themselves.
@Suite("Float functions")
struct FloatMathTests {
  private static let edges: [Float] = [
    0, -0.0, 1, -1, .infinity, -.infinity, .nan, -.nan, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
    .leastNormalMagnitude, -.leastNormalMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 88.722839,
    88.7229, -87.336548, -103.972, -103.973, 0.625, 4, 0.5, -0.5, 2.5,
  ]

  private static var arguments: [Float] {
    edges + stride(from: 0, through: UInt64(UInt32.max), by: 39_989).map { Float(bitPattern: UInt32($0)) }
  }

  /// The distance of `got` from `want` in ulp of `want`, or of `least` where that is larger; infinite where one is NaN and
  /// the other is not.
  private func ulps(_ got: Float, _ want: Double, least: Double = 0) -> Double {
    if want.isNaN || got.isNaN { return want.isNaN && got.bitPattern == 0x7fc0_0000 ? 0 : .infinity }
    let rounded = Float(want)
    if got == rounded { return 0 }
    let finite = got.isInfinite ? Double(got > 0 ? 0x1p128 : -0x1p128) : Double(got)
    guard want.isFinite else { return .infinity }
    let scale = max(abs(Double(rounded)), least, Double(Float.leastNormalMagnitude))
    return abs(finite - want) / Double(Float(min(scale, Double(Float.greatestFiniteMagnitude))).ulp)
  }

  private func expect(
    _ name: String, within bound: Double, least: (Double) -> Double = { _ in 0 }, _ f: (Float) -> Float,
    _ exact: (Double) -> Double
  ) {
    var (worst, place) = (0.0, Float(0))
    for x in Self.arguments {
      let error = ulps(f(x), exact(Double(x)), least: least(Double(x)))
      if error > worst { (worst, place) = (error, x) }
    }
    #expect(worst <= bound, "\(name): \(worst) ulp at \(place)")
  }

  @Test("each function kind keeps its error bound for every float", arguments: FloatFunction.Kind.allCases)
  func kinds(_ kind: FloatFunction.Kind) {
    let function = FloatFunction(kind, a: Self.parameter(kind), b: 0.75)
    let bound: Double
    var least: (Double) -> Double = { _ in 0 }
    switch kind {
    case .identity, .relu, .clip, .negate, .abs, .floor, .ceil, .round, .sign, .thresholdedRelu: bound = 0
    case .sqrt, .reciprocal, .square, .leakyRelu, .shrink: bound = 0.5
    case .sin, .cos, .tan, .asin, .acos, .atan, .sinh, .cosh, .asinh, .acosh, .atanh: bound = 0.51
    case .hardSigmoid: (bound, least) = (1, { max(1, abs($0)) })
    case .exp, .log, .elu: bound = 1
    case .tanh, .softplus, .softsign, .celu: bound = 2
    case .sigmoid, .erf: bound = 3
    case .silu, .gelu, .geluTanh, .quickGelu, .mish, .hardSwish: (bound, least) = (3, { max(1, abs($0)) })
    }
    // NaN that passes through keeps its bits; what matters is that it is one.
    expect(
      "\(kind)", within: bound, least: least,
      { x in
        let y = function.apply(x)
        return x.isNaN && y.isNaN ? Float(bitPattern: 0x7fc0_0000) : y
      }, { exact(kind, $0) })
  }

  private static func parameter(_ kind: FloatFunction.Kind) -> Float {
    switch kind {
    case .quickGelu: 1.702
    case .celu, .shrink: 0.5
    default: -0.5
    }
  }

  @Test("zeros keep their sign where the function is odd")
  func zeros() {
    let odd: [FloatFunction.Kind] = [
      .identity, .tanh, .hardSwish, .silu, .elu, .gelu, .geluTanh, .mish, .softsign, .sqrt, .erf, .floor, .ceil, .round,
      .sin, .tan, .asin, .atan, .sinh, .asinh, .atanh,
    ]
    for kind in odd { #expect(FloatFunction(kind, a: 1).apply(-0.0).sign == .minus, "\(kind)") }
  }

  @Test("sine, cosine and tangent of large numbers keep their bound, near multiples of π/2 too")
  func largeAngles() {
    // The float32 numbers that come nearest to multiples of π/2 are among them.
    let nearest: [Float] = [
      16_367_173 * 0x1p+72, 0x1.49f55ap+93, 6.0e+29, 3.14159274, 1.57079637, 4.71238899, 10_563.0,
    ]
    let many = (0..<60_000).map { Float(bitPattern: 0x3f00_0000 &+ UInt32($0) &* 17_333) }
    for x in (nearest + many).filter({ $0.isFinite }).flatMap({ [$0, -$0] }) {
      #expect(ulps(FloatMath.sin(x), Foundation.sin(Double(x))) <= 0.51, "sin \(x)")
      #expect(ulps(FloatMath.cos(x), Foundation.cos(Double(x))) <= 0.51, "cos \(x)")
      #expect(ulps(FloatMath.tan(x), Foundation.tan(Double(x))) <= 0.51, "tan \(x)")
    }
  }

  @Test("power is IEEE's for every pair of edges, and within 0.51 ulp elsewhere")
  func power() {
    let exponents: [Float] =
      Self.edges + [
        2, -2, 3, -3, 4, 5, -7, 17, -1.5, 0.1, 1 / 3, 1000, -1e-3, 1e10, -1e10, 16_777_215, 33_554_432, 3e38,
      ]
    for b in exponents {
      for a in Self.edges + [-2, 3, 1.0000001, -8] {
        let (got, want) = (FloatMath.power(a, b), pow(Double(a), Double(b)))
        #expect(ulps(got, want) <= 0.51, "\(a) ** \(b): \(got), must be \(want)")
        #expect(want.isNaN || got.sign == want.sign, "\(a) ** \(b): \(got), must be \(want)")
      }
    }
    for b in [4, -2, 3, 0.1, -1.5, 17, 1000] as [Float] {
      expect("x ** \(b)", within: 0.51, { FloatMath.power($0, b) }, { pow($0, Double(b)) })
    }
    for a in [2, -0.5, 10, 1e-40, 1.0000001] as [Float] {
      expect("\(a) ** x", within: 0.51, { FloatMath.power(a, $0) }, { pow(Double(a), $0) })
    }
  }

  private func exact(_ kind: FloatFunction.Kind, _ x: Double) -> Double {
    func clamp(_ x: Double, _ low: Double, _ high: Double) -> Double { x < low ? low : x > high ? high : x }
    func sigmoid(_ x: Double) -> Double { 1 / (1 + Foundation.exp(-x)) }
    let softplus = x.isNaN ? x : max(x, 0) + log1p(Foundation.exp(-abs(x)))
    switch kind {
    case .identity: return x
    case .relu: return clamp(x, 0, .infinity)
    case .clip: return clamp(x, -0.5, 0.75)
    case .leakyRelu: return x < 0 ? -0.5 * x : x
    case .sigmoid: return sigmoid(x)
    case .tanh: return Foundation.tanh(x)
    case .hardSwish: return x * clamp(x / 6 + 0.5, 0, 1)
    case .hardSigmoid: return clamp(-0.5 * x + 0.75, 0, 1)
    case .silu: return x * sigmoid(x)
    case .elu: return x >= 0 ? x : -0.5 * expm1(x)
    case .softplus: return softplus
    case .gelu: return 0.5 * x * erfc(-x / 2.0.squareRoot())
    case .geluTanh: return x * sigmoid((8 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x))
    case .quickGelu: return x * sigmoid(Double(1.702 as Float) * x)
    case .mish: return x * Foundation.tanh(softplus)
    case .softsign: return x / (1 + abs(x))
    case .celu: return x >= 0 ? x : 0.5 * expm1(x / 0.5)
    case .shrink: return x < -0.5 ? x + 0.75 : x > 0.5 ? x - 0.75 : x.isNaN ? x : 0
    case .thresholdedRelu: return x <= -0.5 ? 0 : x
    case .exp: return Foundation.exp(x)
    case .log: return Foundation.log(x)
    case .sqrt: return x.squareRoot()
    case .reciprocal: return 1 / x
    case .negate: return -x
    case .abs: return abs(x)
    case .erf: return Foundation.erf(x)
    case .floor: return Foundation.floor(x)
    case .ceil: return Foundation.ceil(x)
    case .round: return x.rounded(.toNearestOrEven)
    case .square: return x * x
    case .sign: return x > 0 ? 1 : x < 0 ? -1 : x
    case .sin: return Foundation.sin(x)
    case .cos: return Foundation.cos(x)
    case .tan: return Foundation.tan(x)
    case .asin: return Foundation.asin(x)
    case .acos: return Foundation.acos(x)
    case .atan: return Foundation.atan(x)
    case .sinh: return Foundation.sinh(x)
    case .cosh: return Foundation.cosh(x)
    case .asinh: return Foundation.asinh(x)
    case .acosh: return Foundation.acosh(x)
    case .atanh: return Foundation.atanh(x)
    }
  }
}
