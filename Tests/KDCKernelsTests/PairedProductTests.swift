import Foundation
import KDCKernels
import KDCProgram
import KDCTargets
import KDCTestSupport
import Testing

/// Families that need 7-bit inputs and weights: their bytes against the reference, and that they refuse what they
/// cannot prove. KDC_KERNEL_CASES multiplies the number of cases.
@Suite("Paired products") struct PairedProductTests {
  static let families = ["conv_paired_2x4_neon", "conv_paired_columns_neon", "conv_depthwise_short_neon"]
  static let factor = ProcessInfo.processInfo.environment["KDC_KERNEL_CASES"].flatMap { Int($0) } ?? 1

  /// `count` cases for each family.
  static func cases(_ target: Target, seed: UInt64, count: Int) throws -> [KernelCase] {
    var source = ConvolutionCases(seed: seed)
    var cases: [KernelCase] = []
    for name in families {
      let family = try #require(Families.named(name))
      var found = 0
      var tried = 0
      while found < count, tried < count * 50 {
        tried += 1
        let geometry = source.geometry(for: name, tried)
        let (program, memory) = source.makeNarrow(
          geometry, residual: tried % 3 == 0, values: tried % 4 == 1 ? .extreme : .even,
          weight: [63, 63, 40, 20, 9][tried % 5])
        guard family.refusal(of: program.steps[1], in: program, on: target) == nil else { continue }
        found += 1
        cases.append(
          KernelCase(
            "case \(tried) of seed \(seed): \(geometry.title)", program: program, memory: memory, family: family,
            target: target))
      }
      #expect(found == count, "\(name) took \(found) of \(tried) steps")
    }
    return cases
  }

  @Test(
    "Every family of paired products gives the reference's bytes on Cortex-A72 and A57",
    arguments: [("cortex-a72", 60), ("cortex-a57", 30)])
  func bytes(cpu: String, count: Int) throws {
    let machine = KernelHarness.Machine.qemu(cpu: cpu)
    guard KernelHarness.available(machine) else { return }
    let target = cpu == "cortex-a72" ? TestTargets.a72 : TestTargets.a57
    for round in 0..<Self.factor {
      let seed = UInt64(11 + count + 100 * round)
      let cases = try Self.cases(target, seed: seed, count: count)
      for test in cases { try test.program.validate() }
      #expect(try KernelHarness.failures(cases, on: machine) == [], "seed \(seed)")
    }
  }

  @Test(
    "Families of paired products refuse 8-bit inputs, 8-bit weights, padding outside 7 bits and sums that leave 16 bits"
  )
  func refusals() throws {
    var source = ConvolutionCases(seed: 5)
    let g = ConvolutionGeometry(input: (6, 6, 64), output: (6, 6, 8), kernel: (3, 3), padTop: 1, padLeft: 1)
    let family = try #require(Families.named("conv_paired_2x4_neon"))
    func reason(_ program: Program) -> String? {
      family.refusal(of: program.steps[program.steps.count - 1], in: program, on: TestTargets.a72)
    }
    let (program, _) = source.makeNarrow(g, residual: false, values: .even, weight: 63)
    #expect(reason(program) == nil)
    var wide = program
    wide.steps.removeFirst()
    #expect(try #require(reason(wide)).contains("8 bits"))
    let (heavy, _) = source.makeNarrow(g, residual: false, values: .extreme, weight: 100)
    #expect(try #require(reason(heavy)).contains("leave int8"))
    var padded = program
    var step = try #require(program.steps[1] as? ConvolutionStep)
    step.inputZeroPoint = -128
    padded.steps[1] = step
    #expect(try #require(reason(padded)).contains("leave int8"))
    #expect(try #require(family.refusal(of: program.steps[1], in: program, on: TestTargets.host)).contains("NEON"))
  }

  @Test("Columns for paired products hold corrections, crossed pairs and a value without a partner")
  func columns() {
    // 1 channel of a 3 by 3 window: rows 0 and 1 in pairs, row 2 with itself, its last value alone; parts of 3 pairs.
    let w: [Int8] = [1, -2, 3, 4, 5, -6, 7, 8, 9]
    let packing = Packing.pairedColumns(rows: 1, runs: 3, length: 3, nr: 16, part: 3)
    let packed = packing.pack(w.map { UInt8(bitPattern: $0) }).map { Int8(bitPattern: $0) }
    #expect(packed.count == packing.packedBytes(of: 9) && packed.count == 16 * (2 * 2 + 4 * 2 + 1))
    #expect(packed[0] == -(4 - 10 - 18) && packed[1] == 0)
    #expect([0, 32, 64].map { packed[32 + $0] } == [4, 5, -6] && [0, 32, 64].map { packed[48 + $0] } == [1, -2, 3])
    #expect(packed[128] == -56 && packed[129] == -1)
    #expect(packed[160] == 8 && packed[176] == 7 && packed[192] == 9)
  }

  @Test("Panels for paired products hold corrections, exchanged halves and a tail without pairs")
  func packing() {
    // 1 row of 2 runs, 53 long: 32 in pairs with k + 16, 16 in pairs with k + 8, 5 alone.
    let weights = (0..<106).map { Int8($0 % 50) - 20 }
    let packing = Packing.pairedPanels(rows: 1, runs: 2, length: 53, nr: 4)
    let packed = packing.pack(weights.map { UInt8(bitPattern: $0) }).map { Int8(bitPattern: $0) }
    #expect(packed.count == packing.packedBytes(of: 106) && packed.count == 16 + 2 * 56 * 4)
    var sum = 0
    for run in [0, 53] {
      for k in 0..<16 { sum -= Int(weights[run + k]) * Int(weights[run + k + 16]) }
      for k in 32..<40 { sum -= Int(weights[run + k]) * Int(weights[run + k + 8]) }
    }
    #expect((0..<4).reduce(0) { $0 | Int(UInt8(bitPattern: packed[$1])) << (8 * $1) } == sum & 0xFFFF_FFFF)
    #expect(packed[16] == weights[16] && packed[16 + 16] == weights[0])
    #expect(packed[16 + 128] == weights[40] && packed[16 + 128 + 8] == weights[32])
    #expect(packed[16 + 192] == weights[48] && packed[16 + 192 + 5] == 0)
    #expect(packed[16 + 224] == weights[53 + 16])
  }
}

extension ConvolutionCases {
  /// A geometry that the family may take.
  mutating func geometry(for family: String, _ index: Int) -> ConvolutionGeometry {
    func pick(_ list: [Int]) -> Int { list.randomElement(using: &generator) ?? 1 }
    if family == "conv_depthwise_short_neon" { return geometry(depthwise: true) }
    if family == "conv_paired_columns_neon", index % 2 == 0 {
      let size = (height: pick([1, 2, 3, 7]), width: pick([1, 2, 5, 8]))
      return ConvolutionGeometry(
        input: (size.height, size.width, pick([2, 4, 5, 8, 15, 16, 20, 23, 24, 32, 33, 48])),
        output: (size.height, size.width, pick([8, 12, 16, 24, 32, 48, 64, 80, 96, 100])), kernel: (1, 1))
    }
    if family == "conv_paired_columns_neon", index % 4 == 1 {
      let stride = pick([1, 2])
      let size = (height: pick([2, 3, 6]), width: pick([2, 5, 8]))
      return ConvolutionGeometry(
        input: (size.height * stride, size.width * stride, pick([1, 3, 3, 4])),
        output: (size.height, size.width, pick([8, 16, 24, 32, 48])), kernel: (3, 3), strides: (stride, stride),
        padTop: 1, padLeft: 1)
    }
    if index % 2 == 0 {
      let size = (height: Int.random(in: 1...7, using: &generator), width: Int.random(in: 2...9, using: &generator))
      let from = Int.random(in: 16...400, using: &generator)
      return ConvolutionGeometry(
        input: (size.height, size.width, index % 4 == 0 ? from / 16 * 16 : from),
        output: (size.height, size.width, Int.random(in: 1...40, using: &generator)), kernel: (1, 1))
    }
    return geometry()
  }
}
