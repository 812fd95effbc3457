import Foundation
import KDCKernels
import KDCTargets
import KDCTestSupport
import Testing

/// Thousands of random shapes and values for every family. With KDC_FULL_KERNEL_TESTS=1 at least 10,000 of each on
/// every machine, which takes many minutes, or with the name of a target on its machine; otherwise a few, to see that
/// the sweep itself works.
@Suite("Kernel sweep", .serialized) struct KernelSweepTests {
  static let asked = ProcessInfo.processInfo.environment["KDC_FULL_KERNEL_TESTS"]
  static let isFull = asked != nil
  static let machines: [(KernelHarness.Machine, Target)] = [
    (.host, TestTargets.host), (.host, TestTargets.avx512), (.host, TestTargets.avxvnni),
    (.qemu(cpu: "cortex-a72"), TestTargets.a72), (.qemu(cpu: "cortex-a57"), TestTargets.a57),
    (.qemu(cpu: "cortex-a76"), TestTargets.a76),
  ]

  @Test("Random shapes and values give the reference's bytes", arguments: isFull ? machines : [machines[0]])
  func sweep(machine: KernelHarness.Machine, target: Target) throws {
    guard KernelHarness.available(machine, for: target) else { return }
    let full = Self.isFull
    if full, Self.asked != "1", Self.asked != target.name { return }
    var sweep = KernelSweep(target, on: machine, seed: 20, values: full ? 50 : 4, wanted: full ? 10_000 : 20)
    try sweep.convolutions(rounds: full ? 320 : 1, shapes: full ? 5 : 6)
    for kind in full ? StepCases.kinds : ["add", "maxPool"] {
      try sweep.steps(kind, rounds: full ? 700 : 1, shapes: full ? 6 : 5)
    }
    #expect(sweep.failures.prefix(5).map { $0 } == [])
    #expect(sweep.counts.values.allSatisfy { $0 >= 4 } && !sweep.counts.isEmpty)
    guard full else { return }
    for (family, count) in sweep.counts.sorted(by: { $0.key < $1.key }) {
      print("\(machine) \(target.name): \(family) \(count) cases")
    }
  }

  @Test(
    "No kernel touches memory that is not its own: AddressSanitizer", arguments: isFull ? Array(machines[0..<2]) : [])
  func addresses(machine: KernelHarness.Machine, target: Target) throws {
    guard KernelHarness.available(machine, for: target) else { return }
    var sweep = KernelSweep(target, on: machine, seed: 30, values: 3, wanted: 90, sanitized: true)
    try sweep.convolutions(rounds: 8, shapes: 12)
    for kind in StepCases.kinds { try sweep.steps(kind, rounds: 2, shapes: 15) }
    #expect(sweep.failures == [])
    print(
      "AddressSanitizer, \(target.name): \(sweep.counts.values.reduce(0, +)) cases of \(sweep.counts.count) families")
  }
}
