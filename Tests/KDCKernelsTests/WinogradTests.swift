import Foundation
import KDCKernels
import KDCProgram
import KDCTargets
import KDCTensor
import KDCTestSupport
import KDCToolchain
import Testing

/// Winograd convolutions: the kernels against the step's reference, the packing in C against its definition.
@Suite("Winograd convolutions") struct WinogradTests {
  static let machines: [(String, Target)] = [("cortex-a72", TestTargets.a72), ("cortex-a57", TestTargets.a57)]
  /// Random cases a core: some by default, all of 10,000 and more with KDC_ALL_CASES.
  static let wanted = ProcessInfo.processInfo.environment["KDC_ALL_CASES"] == nil ? 60 : 10_000

  static func family() throws -> any KernelFamily { try #require(Families.named("conv_winograd4_neon")) }

  /// A random 3×3 convolution of stride 1: odd sizes, every pad, few and many channels.
  static func geometry(_ generator: inout SeededGenerator) -> ConvolutionGeometry {
    func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    let output = (height: pick(1...13), width: pick(1...13))
    let (top, left, bottom, right) = (pick(0...2), pick(0...2), pick(0...2), pick(0...2))
    let channels = [pick(1...20), pick(1...20), 16, 24, 33, 64, 70].randomElement(using: &generator) ?? 1
    let outputs = [pick(1...20), pick(1...20), 16, 32, 37, 64].randomElement(using: &generator) ?? 1
    return ConvolutionGeometry(
      input: (max(1, output.height + 2 - top - bottom), max(1, output.width + 2 - left - right), channels),
      output: (output.height, output.width, outputs), kernel: (3, 3), padTop: top, padLeft: left)
  }

  /// Values that are even, or extreme with biases such that sums reach the ends of the range that the family takes.
  static func cases(_ target: Target, seed: UInt64, count: Int) throws -> [KernelCase] {
    var source = ConvolutionCases(seed: seed)
    return try (0..<count).map { index in
      let g = geometry(&source.generator)
      let sum = Int32(9 * g.inputChannels * 127 * 128)
      let values: ConvolutionCases.Values = index % 3 == 0 ? .extreme : .even
      let (program, memory) = source.make(
        g, residual: index % 4 == 1, values: values, int4: index % 16 == 5,
        largestBias: values == .extreme ? (1 << 25) - 1 - sum : min(sum / 4, (1 << 25) - 1 - sum))
      try program.validate()
      return KernelCase(
        "case \(index) of seed \(seed): \(g.title)", program: program, memory: memory, family: try family(),
        target: target)
    }
  }

  @Test("The family gives the reference's bytes on Cortex-A72 and A57", arguments: machines)
  func kernels(cpu: String, target: Target) throws {
    guard KernelHarness.available(.qemu(cpu: cpu)) else { return }
    for done in stride(from: 0, to: Self.wanted, by: 250) {
      let seed = UInt64(100 + done)
      let cases = try Self.cases(target, seed: seed, count: min(250, Self.wanted - done))
      #expect(try KernelHarness.failures(cases, on: .qemu(cpu: cpu)) == [], "seed \(seed)")
    }
  }

  @Test("Steps whose sums may leave the proved range are refused, and those at its ends taken")
  func range() throws {
    var source = ConvolutionCases(seed: 9)
    let geometry = ConvolutionGeometry(input: (6, 6, 16), output: (4, 4, 4), kernel: (3, 3))
    func refusal(bias: Int32) throws -> String? {
      var (program, _) = source.make(geometry, residual: false, values: .even, largestBias: 0)
      program.constants[0].tensor = Tensor([4, 3, 3, 16], [Int8](repeating: -127, count: 576))
      program.constants[1].tensor = Tensor([4], [0, 0, bias, 0])
      return try Self.family().refusal(of: program.steps[0], in: program, on: TestTargets.a72)
    }
    let (low, high) = (-127 * 127 * 144, 127 * 128 * 144)
    #expect(try refusal(bias: Int32((1 << 25) - 1 - high)) == nil)
    #expect(try refusal(bias: Int32((1 << 25) - high)) != nil)
    #expect(try refusal(bias: Int32(-(1 << 25) - low)) == nil)
    #expect(try refusal(bias: Int32(-(1 << 25) - low - 1)) != nil)
    let strided = source.make(
      ConvolutionGeometry(input: (7, 7, 4), output: (3, 3, 4), kernel: (3, 3), strides: (2, 2)), residual: false,
      values: .even
    ).program
    #expect(
      try Self.family().refusal(of: strided.steps[0], in: strided, on: TestTargets.a72)
        == "not a plain 3×3 convolution of stride 1")
  }

  @Test(
    "A group's input, weights and sums fit one core's share of the workspace",
    arguments: [(56, 64), (14, 256), (7, 512)])
  func workspace(size: Int, channels: Int) throws {
    var source = ConvolutionCases(seed: 3)
    let g = ConvolutionGeometry(
      input: (size, size, channels), output: (size, size, channels), kernel: (3, 3), padTop: 1, padLeft: 1)
    let (program, _) = source.make(g, residual: false, values: .even, largestBias: 0)
    let code = try Self.family().emit(program.steps[0], in: program, on: TestTargets.a72)
    #expect(code.units == 4)
    #expect(code.workspaceBytes < 400 << 10)
  }
}
