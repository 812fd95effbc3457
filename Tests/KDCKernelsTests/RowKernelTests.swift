import KDCKernels
import KDCProgram
import KDCTargets
import KDCTensor
import KDCTestSupport
import Testing

/// Kernels as links of chains: units of whole rows, input from an image or from a ring.
@Suite("Kernels by rows") struct RowKernelTests {
  static let machines: [(KernelHarness.Machine, Target)] = [
    (.qemu(cpu: "cortex-a72"), TestTargets.a72), (.qemu(cpu: "cortex-a57"), TestTargets.a57),
    (.qemu(cpu: "cortex-a76"), TestTargets.a76), (.host, TestTargets.host),
  ]

  /// A ring that holds all rows of an image without padding is the image itself.
  private static func cases(_ target: Target, seed: UInt64, count: Int) -> [KernelCase] {
    var source = ConvolutionCases(seed: seed)
    var cases: [KernelCase] = []
    for index in 0..<count {
      var g = source.geometry(depthwise: index % 2 == 0)
      if index % 3 == 0 {
        (g.padTop, g.padLeft) = (0, 0)
        g.inputHeight = (g.outputHeight - 1) * g.strideY + (g.kernelHeight - 1) * g.dilationY + 1
        g.inputWidth = (g.outputWidth - 1) * g.strideX + (g.kernelWidth - 1) * g.dilationX + 1
      }
      let made =
        index % 4 < 2
        ? source.make(g, residual: index % 5 == 2, values: .even)
        : source.makeNarrow(g, residual: index % 5 == 2, values: .even, weight: 63)
      for case let family as any RowFamily in Families.all {
        var link: any RowFamily = family.with(RowUnits(height: 1 + index % 3))
        if family.readsRings, index % 3 == 0 {
          link.rows?.ring = RowRing(rows: g.inputHeight, slotBytes: g.inputWidth * g.inputChannels)
        }
        guard let step = made.program.steps.last, link.refusal(of: step, in: made.program, on: target) == nil,
          family.name != "conv_scalar" || index % 6 == 0
        else { continue }
        cases.append(
          KernelCase(
            "case \(index) of seed \(seed): \(g.title), \(1 + index % 3) rows", program: made.program,
            memory: made.memory, family: link, target: target))
      }
    }
    return cases
  }

  @Test("Every family that can be a link gives the reference's bytes", arguments: machines)
  func links(machine: KernelHarness.Machine, target: Target) throws {
    guard KernelHarness.available(machine, for: target) else { return }
    let cases = Self.cases(target, seed: 51, count: 72)
    let families = Set(cases.map(\.family.name))
    let wanted = Families.all.compactMap { $0 as? any RowFamily }.map(\.name).filter { name in
      name == "conv_scalar" || !name.contains("int4") && target.features.contains { name.hasSuffix("_" + $0) }
    }
    #expect(families.isSuperset(of: wanted), "\(families.sorted())")
    for test in cases {
      guard let step = test.program.steps.last as? ConvolutionStep, let rows = (test.family as? any RowFamily)?.rows
      else { continue }
      let code = try test.family.offer(step, in: test.program, on: target).code
      #expect(code.units == (step.geometry.outputHeight + rows.height - 1) / rows.height, "\(test.title)")
    }
    #expect(try KernelHarness.failures(cases, on: machine) == [], "seed 51")
  }
}
