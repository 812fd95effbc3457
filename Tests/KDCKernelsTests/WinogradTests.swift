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

  static func family() throws -> any KernelFamily { try #require(Families.named("conv_winograd4_neon")) }

  /// Values that are even, or extreme with biases such that sums reach the ends of the range that the family takes.
  static func cases(_ target: Target, seed: UInt64, count: Int) throws -> [KernelCase] {
    var source = ConvolutionCases(seed: seed)
    return try (0..<count).map { index in
      let (program, memory, title) = source.makeWinograd(index)
      try program.validate()
      return KernelCase(
        "case \(index) of seed \(seed): \(title)", program: program, memory: memory, family: try family(),
        target: target)
    }
  }

  @Test("The family gives the reference's bytes on Cortex-A72 and A57", arguments: machines)
  func kernels(cpu: String, target: Target) throws {
    guard KernelHarness.available(.qemu(cpu: cpu)) else { return }
    #expect(try KernelHarness.failures(try Self.cases(target, seed: 100, count: 60), on: .qemu(cpu: cpu)) == [])
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
    let (program, _) = source.make(g, residual: false, values: .even, int4: true, largestBias: 0)
    let code = try Self.family().offer(program.steps[0], in: program, on: TestTargets.a72).code
    #expect(code.units == 4)
    #expect(code.workspaceBytes < 400 << 10)
  }
}
