import KDCKernels
import KDCProgram
import KDCTargets
import KDCTestSupport
import Testing

/// Families of integer convolutions against the step's reference, on random shapes and data.
@Suite("Convolution kernels") struct ConvolutionKernelTests {
  static let machines: [(KernelHarness.Machine, Target)] = [
    (.host, TestTargets.host), (.qemu(cpu: "cortex-a72"), TestTargets.a72), (.qemu(cpu: "cortex-a57"), TestTargets.a57),
  ]

  /// Random cases for one target: every family that takes a step gets it.
  static func cases(_ target: Target, seed: UInt64, count: Int) -> [KernelCase] {
    var source = ConvolutionCases(seed: seed)
    var cases: [KernelCase] = []
    for index in 0..<count {
      let geometry = source.geometry(depthwise: index % 4 == 1, grouped: index % 8 == 3)
      let (program, memory) = source.make(
        geometry, residual: index % 3 == 2, values: index % 5 == 4 ? .extreme : .even)
      for family in Families.all where family.refusal(of: program.steps[0], in: program, on: target) == nil {
        cases.append(
          KernelCase(
            "case \(index) of seed \(seed): \(geometry.title)", program: program, memory: memory, family: family,
            target: target))
      }
    }
    return cases
  }

  @Test("Every family gives the reference's bytes on this machine", .enabled(if: KernelHarness.available(.host)))
  func host() throws { try check(.host, TestTargets.host, seed: 1, count: 100) }

  @Test(
    "Every family gives the reference's bytes on Cortex-A72",
    .enabled(if: KernelHarness.available(.qemu(cpu: "cortex-a72"))))
  func a72() throws { try check(.qemu(cpu: "cortex-a72"), TestTargets.a72, seed: 2, count: 100) }

  @Test(
    "Every family gives the reference's bytes on Cortex-A57",
    .enabled(if: KernelHarness.available(.qemu(cpu: "cortex-a57"))))
  func a57() throws { try check(.qemu(cpu: "cortex-a57"), TestTargets.a57, seed: 3, count: 60) }

  func check(_ machine: KernelHarness.Machine, _ target: Target, seed: UInt64, count: Int) throws {
    let cases = Self.cases(target, seed: seed, count: count)
    for test in cases { try test.program.validate() }
    let failures = try KernelHarness.failures(cases, on: machine)
    #expect(failures == [], "seed \(seed)")
  }
}
