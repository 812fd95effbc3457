import KDCKernels
import KDCProgram
import KDCTargets
import KDCTestSupport
import Testing

/// Families of every kind of step but integer convolution against the step's reference, on random shapes and data.
@Suite("Step kernels") struct StepKernelTests {
  static func cases(_ kind: String, _ target: Target, seed: UInt64, count: Int) -> [KernelCase] {
    var source = StepCases(seed: seed)
    var cases: [KernelCase] = []
    for index in 0..<count {
      let made = source.make(kind, extreme: index % 4 == 3)
      for family in Families.all where family.refusal(of: made.program.steps[0], in: made.program, on: target) == nil {
        cases.append(
          KernelCase(
            "case \(index) of seed \(seed): \(made.title)", program: made.program, memory: made.memory, family: family,
            target: target))
      }
    }
    return cases
  }

  @Test(
    "Every family gives the reference's bytes on this machine", .enabled(if: KernelHarness.available(.host)),
    arguments: StepCases.kinds)
  func host(kind: String) throws { try check(kind, .host, TestTargets.host, seed: 11) }

  @Test(
    "Every family gives the reference's bytes on Cortex-A72",
    .enabled(if: KernelHarness.available(.qemu(cpu: "cortex-a72"))), arguments: StepCases.kinds)
  func a72(kind: String) throws { try check(kind, .qemu(cpu: "cortex-a72"), TestTargets.a72, seed: 12) }

  @Test("Sums of float products are the reference's with AVX-512", arguments: floatKinds)
  func avx512(kind: String) throws {
    guard KernelHarness.available(.host, for: TestTargets.avx512) else { return }
    try check(kind, .host, TestTargets.avx512, seed: 14)
  }
  private static let floatKinds = ["floatConvolution", "floatWinograd", "floatMatMul"]

  @Test(
    "Every family gives the reference's bytes on Cortex-A57",
    .enabled(if: KernelHarness.available(.qemu(cpu: "cortex-a57"))), arguments: StepCases.kinds)
  func a57(kind: String) throws { try check(kind, .qemu(cpu: "cortex-a57"), TestTargets.a57, seed: 13) }

  func check(_ kind: String, _ machine: KernelHarness.Machine, _ target: Target, seed: UInt64) throws {
    let cases = Self.cases(kind, target, seed: seed, count: 16)
    for test in cases { try test.program.validate() }
    #expect(cases.count >= 16, "a family for each case of seed \(seed)")
    let foreign = Feature.all.filter { !target.has($0) }
    let families = Families.all.filter { family in
      family.stepKind == kind && !foreign.contains { family.name.hasSuffix("_" + $0.name) }
    }
    #expect(Set(families.map(\.name)) == Set(cases.map(\.family.name)), "every family has a case of seed \(seed)")
    let failures = try KernelHarness.failures(cases, on: machine)
    #expect(failures == [], "seed \(seed)")
  }

  @Test("The random cases cover every kind of step in the list of families")
  func kinds() {
    let known = Set(Families.all.map(\.stepKind)).subtracting(["convolution"])
    #expect(known.subtracting(StepCases.kinds) == [])
    #expect(Set(Families.all.map(\.name)).count == Families.all.count, "names are unique")
  }
}
