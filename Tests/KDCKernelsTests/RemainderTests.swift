import Foundation
import KDCKernels
import KDCProgram
import KDCTensor
import KDCTestSupport
import Testing

@Suite("Remainder of floats") struct RemainderTests {
  private static let special: [UInt32] = [
    0, 0x8000_0000, 1, 0x8000_0001, 0x007f_ffff, 0x0080_0000, 0x3f80_0000, 0xbf80_0000, 0x4049_0fdb, 0x7f7f_ffff,
    0xff7f_ffff, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x0000_0007, 0x4b00_0001, 0x3dcc_cccd,
  ]

  private static func pairs() -> [(Float, Float)] {
    var generator = SeededGenerator(seed: 5)
    let bits = special.flatMap { a in special.map { (a, $0) } }
    let drawn = (0..<20_000).map { _ in
      (UInt32.random(in: 0 ... .max, using: &generator), UInt32.random(in: 0 ... .max, using: &generator))
    }
    return (bits + drawn).map { (Float(bitPattern: $0), Float(bitPattern: $1)) }
  }

  @Test("It is C's fmod, and one NaN where that has none")
  func values() {
    for (a, b) in Self.pairs() {
      let r = FloatMath.remainder(a, b)
      if b == 0 || b.isNaN || !a.isFinite {
        #expect(r.bitPattern == 0x7fc0_0000)
      } else {
        #expect(r.bitPattern == fmodf(a, b).bitPattern, "\(a) mod \(b)")
      }
    }
  }

  @Test("The generated C gives the same bits", .enabled(if: KernelHarness.available(.host)))
  func machineCode() throws {
    let pairs = Self.pairs()
    var cases = StepCases(seed: 1)
    let test = cases.remainder(pairs)
    let family = try #require(Families.named("float_binary_scalar"))
    let kernel = KernelCase(
      "remainder", program: test.program, memory: test.memory, family: family, target: TestTargets.host)
    #expect(try KernelHarness.failures([kernel], on: .host) == [])
  }
}
