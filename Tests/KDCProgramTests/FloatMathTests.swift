import Foundation
import KDCProgram
import Testing

@Suite("Float functions")
struct FloatMathTests {
  /// Relative error against Double on a grid.
  private func worst(_ range: ClosedRange<Double>, _ f: (Float) -> Float, _ exact: (Double) -> Double) -> Double {
    var worst = 0.0
    for i in 0...20_000 {
      let x = Float(range.lowerBound + (range.upperBound - range.lowerBound) * Double(i) / 20_000)
      let want = exact(Double(x))
      worst = max(worst, abs(Double(f(x)) - want) / max(abs(want), 1e-30))
    }
    return worst
  }

  @Test("exp, log, erf, tanh and sigmoid agree with Double to a few ulp")
  func accuracy() {
    #expect(worst(-87...88, FloatMath.exp, Foundation.exp) < 3e-7)
    #expect(worst(1e-3...50, FloatMath.log, Foundation.log) < 1e-5)
    #expect(worst(2...1e30, FloatMath.log, Foundation.log) < 2e-7)
    #expect(worst(0.01...3.9, FloatMath.erf, Foundation.erf) < 3e-7)
    #expect(worst(-3.9 ... -0.01, FloatMath.erf, Foundation.erf) < 3e-7)
    #expect(worst(0.001...20, FloatMath.tanh, Foundation.tanh) < 5e-7)
    #expect(worst(-80...80, FloatMath.sigmoid) { 1 / (1 + Foundation.exp(-$0)) } < 5e-7)
    #expect(worst(0.1...10, { FloatMath.power($0, 2.5) }, { pow($0, 2.5) }) < 2e-6)
    #expect(worst(-5...10, FloatMath.softplus) { log1p(Foundation.exp($0)) } < 2e-5)
  }

  @Test("log and power have defined values where they have no real one")
  func edges() {
    #expect(FloatMath.log(0) == -.infinity)
    #expect(FloatMath.log(-1).bitPattern == 0x7fc0_0000)
    #expect(FloatMath.log(.nan).bitPattern == 0x7fc0_0000)
    #expect(FloatMath.log(.infinity) == .infinity)
    #expect(FloatMath.log(1) == 0)
    #expect(abs(FloatMath.log(Float.leastNormalMagnitude / 1024) - -94.26802) < 1e-3)
    #expect(FloatMath.power(0, 0) == 1)
    #expect(FloatMath.power(0, 2) == 0)
    #expect(FloatMath.power(0, -2) == .infinity)
    #expect(FloatMath.power(-2, 2).isNaN)
    #expect(FloatMath.erf(9) == 1)
    #expect(FloatMath.erf(-.infinity) == -1)
    #expect(FloatMath.exp(.infinity).isFinite)
    #expect(FloatMath.exp(.nan) == FloatMath.exp(-100))
  }

  @Test("each function kind computes its formula", arguments: FloatFunction.Kind.allCases)
  func kinds(_ kind: FloatFunction.Kind) {
    let function = FloatFunction(kind, a: -0.5, b: 0.75)
    for x in stride(from: -4.96 as Float, to: 5, by: 0.03) {
      let want = exact(kind, Double(x))
      if want.isNaN {
        #expect(function.apply(x).isNaN)
      } else {
        #expect(abs(Double(function.apply(x)) - want) <= 4e-6 * max(1, abs(want)), "\(kind) at \(x)")
      }
    }
  }

  private func exact(_ kind: FloatFunction.Kind, _ x: Double) -> Double {
    let sigmoid = 1 / (1 + Foundation.exp(-x))
    switch kind {
    case .identity: return x
    case .relu: return max(x, 0)
    case .clip: return min(max(x, -0.5), 0.75)
    case .leakyRelu: return x < 0 ? -0.5 * x : x
    case .sigmoid: return sigmoid
    case .tanh: return Foundation.tanh(x)
    case .hardSwish: return x * min(max(x / 6 + 0.5, 0), 1)
    case .hardSigmoid: return min(max(-0.5 * x + 0.75, 0), 1)
    case .silu: return x * sigmoid
    case .elu: return x >= 0 ? x : -0.5 * expm1(x)
    case .softplus: return log1p(Foundation.exp(x))
    case .gelu: return 0.5 * x * (1 + Foundation.erf(x / 2.0.squareRoot()))
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
    case .sign: return x > 0 ? 1 : x < 0 ? -1 : 0
    }
  }
}
