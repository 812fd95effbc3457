import KDCKernels
import KDCProgram
import KDCTargets
import KDCTestSupport
import Testing

/// Families of integer convolutions against the step's reference, on random shapes and data.
@Suite("Convolution kernels") struct ConvolutionKernelTests {
  static let machines: [(KernelHarness.Machine, Target)] = [
    (.host, TestTargets.host), (.qemu(cpu: "cortex-a72"), TestTargets.a72), (.qemu(cpu: "cortex-a57"), TestTargets.a57),
    (.qemu(cpu: "cortex-a76"), TestTargets.a76), (.host, TestTargets.avx512), (.host, TestTargets.avxvnni),
  ]

  /// Random cases for one target: every family that takes a step gets it.
  static func cases(_ target: Target, seed: UInt64, count: Int, int4: Bool = false) -> [KernelCase] {
    var source = ConvolutionCases(seed: seed)
    var cases: [KernelCase] = []
    for index in 0..<count {
      var geometry = source.geometry(depthwise: index % 4 == 1, grouped: index % 8 == 3)
      // Fully connected layers, with more products than int16 sums of 4-bit weights hold at a time.
      if int4, index % 4 == 0 {
        geometry = ConvolutionGeometry(
          input: (1, 1, 37 * index + 232), output: (1, 1, index + 3), kernel: (1, 1))
      }
      let (program, memory) = source.make(
        geometry, residual: index % 3 == 2, values: index % 5 == 4 ? .extreme : .even, int4: int4)
      for family in Families.all where family.refusal(of: program.steps[0], in: program, on: target) == nil {
        // Families of an older instruction set are tried on the target that has no newer one.
        if target.features.count > 1, family.name.hasSuffix("_" + target.features[0]) { continue }
        // The portable family is the same everywhere, and slow to compile.
        if family.name == "conv_scalar", index % 4 > 0 { continue }
        cases.append(
          KernelCase(
            "case \(index) of seed \(seed): \(geometry.title)", program: program, memory: memory, family: family,
            target: target))
      }
    }
    return cases
  }

  @Test("Every family gives the reference's bytes on this machine", .enabled(if: KernelHarness.available(.host)))
  func host() throws { try check(.host, TestTargets.host, seed: 1, count: 80) }

  @Test("Every family gives the reference's bytes with VNNI", arguments: [TestTargets.avx512, TestTargets.avxvnni])
  func vnni(target: Target) throws {
    guard KernelHarness.available(.host, for: target) else { return }
    try check(.host, target, seed: 5, count: 80)
  }

  @Test(
    "Every family gives the reference's bytes on Cortex-A72",
    .enabled(if: KernelHarness.available(.qemu(cpu: "cortex-a72"))))
  func a72() throws { try check(.qemu(cpu: "cortex-a72"), TestTargets.a72, seed: 2, count: 80) }

  @Test("Dot products give the reference's bytes", arguments: ["cortex-a76", "max"])
  func dotprod(cpu: String) throws {
    guard KernelHarness.available(.qemu(cpu: cpu)) else { return }
    try check(.qemu(cpu: cpu), TestTargets.a76, seed: 8, count: cpu == "max" ? 20 : 80)
  }

  @Test(
    "Every family gives the reference's bytes on Cortex-A57",
    .enabled(if: KernelHarness.available(.qemu(cpu: "cortex-a57"))))
  func a57() throws { try check(.qemu(cpu: "cortex-a57"), TestTargets.a57, seed: 3, count: 40) }

  @Test("Every family gives the reference's bytes with 4-bit weights", arguments: machines)
  func int4(machine: KernelHarness.Machine, target: Target) throws {
    guard KernelHarness.available(machine, for: target) else { return }
    try check(machine, target, seed: 7, count: 32, int4: true)
  }

  func check(
    _ machine: KernelHarness.Machine, _ target: Target, seed: UInt64, count: Int, int4: Bool = false
  ) throws {
    let cases = Self.cases(target, seed: seed, count: count, int4: int4)
    for test in cases { try test.program.validate() }
    let failures = try KernelHarness.failures(cases, on: machine)
    #expect(failures == [], "seed \(seed)")
  }

  @Test(
    "Every family of convolutions gets cases",
    arguments: [TestTargets.a72, TestTargets.a76, TestTargets.host, TestTargets.avx512, TestTargets.avxvnni])
  func coverage(target: Target) {
    let tried = Set(
      (Self.cases(target, seed: 2, count: 80) + Self.cases(target, seed: 7, count: 32, int4: true)).map(\.family.name))
    let feature = target.features.last ?? ""
    let wanted = Families.all.map(\.name).filter {
      $0.hasPrefix("conv_") && $0.hasSuffix("_" + feature) && !PairedProductTests.families.contains($0)
    }
    #expect(!wanted.isEmpty && tried.isSuperset(of: wanted), "tried \(tried.sorted())")
  }

  @Test("The harness finds a wrong byte and a byte outside", .enabled(if: KernelHarness.available(.host)))
  func broken() throws {
    var source = ConvolutionCases(seed: 4)
    let geometry = ConvolutionGeometry(input: (5, 5, 3), output: (3, 3, 6), kernel: (3, 3))
    let (program, memory) = source.make(geometry, residual: false, values: .even)
    let edits = [
      "", "output[7] ^= 1;", "output[54] = (int8_t)(output[54] + 1);", "((int8_t *)b[0])[3] = (int8_t)(input[3] + 1);",
      "if (end - begin < 3) output[0] ^= 1;",
    ]
    let found = try edits.map { edit in
      let family = try #require(Families.named("conv_scalar")).edited(edit)
      return try KernelHarness.failures(
        [KernelCase("edited", program: program, memory: memory, family: family, target: TestTargets.host)], on: .host)
    }
    #expect(found[0] == [])
    #expect(found[1].contains { $0.contains("bytes differ") })
    #expect(found[2].contains { $0.contains("overwritten") })
    #expect(found[3].contains { $0.contains("overwritten") })
    #expect(found[4].contains { $0.contains("in parts") })
  }

  @Test("Families say why they refuse a step")
  func refusals() throws {
    var source = ConvolutionCases(seed: 6)
    let depthwise = source.make(
      ConvolutionGeometry(input: (4, 4, 8), output: (4, 4, 8), kernel: (1, 1), groups: 8), residual: false,
      values: .even
    ).program
    func reason(_ family: String, _ program: Program, _ target: Target) throws -> String? {
      try #require(Families.named(family)).refusal(of: program.steps[0], in: program, on: target)
    }
    #expect(try reason("conv_depthwise_neon", depthwise, TestTargets.a72) == nil)
    #expect(try reason("conv_depthwise_neon", depthwise, TestTargets.host) == "the target has no NEON")
    #expect(try reason("conv_depthwise_avx2", depthwise, TestTargets.a72) == "the target has no AVX2")
    #expect(
      try reason("conv_runs_4x4_neon", depthwise, TestTargets.a72) == "a depthwise convolution has one channel a run")
    let dense = source.make(
      ConvolutionGeometry(input: (1, 1, 8), output: (1, 1, 8), kernel: (1, 1)), residual: false, values: .even
    ).program
    #expect(try reason("conv_runs_4x4_neon", dense, TestTargets.a72) != nil)
    #expect(try reason("conv_runs_1x4_neon", dense, TestTargets.a72) == nil)
    #expect(
      try reason("conv_depthwise_neon", dense, TestTargets.a72) == "not one output channel for each input channel")
  }

  @Test("Panels hold rows by nr, runs, and blocks of kr with zeros behind the ends")
  func packing() {
    // 3 rows, 2 runs, length 3, in panels of 2 rows and blocks of 2.
    let bytes = (1...18).map { UInt8($0) }
    let packing = Packing.panels(rows: 3, runs: 2, length: 3, nr: 2, kr: 2, widened: false)
    let expected: [UInt8] = [
      1, 2, 7, 8, 3, 0, 9, 0, 4, 5, 10, 11, 6, 0, 12, 0, 13, 14, 0, 0, 15, 0, 0, 0, 16, 17, 0, 0, 18, 0, 0, 0,
    ]
    #expect(packing.pack(bytes) == expected)
    #expect(packing.packedBytes(of: 18) == expected.count)
    let widened = Packing.panels(rows: 1, runs: 1, length: 2, nr: 1, kr: 2, widened: true)
    #expect(widened.pack([0xFF, 0x7F]) == [0xFF, 0xFF, 0x7F, 0])
    #expect(Packing.plain.pack(bytes) == bytes)
    // Rows 0 and 2 share bytes, rows 1 and 3 (missing).
    let halves = Packing.halfBytePanels(rows: 3, runs: 1, length: 3, nr: 4, kr: 2)
    #expect(
      halves.pack([1, 2, 3, 0xF8, 0xFF, 4, 5, 6, 7]) == [0x51, 0x62, 0x08, 0x0F, 0x73, 0, 0x04, 0])
    #expect(halves.packedBytes(of: 9) == 8)
    // −128·(1 + 2 − 3) and −128·(4 + 5 + 127) before the weights of a panel.
    let offsets = Packing.offsetPanels(rows: 2, runs: 1, length: 3, nr: 2, kr: 4)
    #expect(
      offsets.pack([1, 2, 0xFD, 4, 5, 127]) == [0, 0, 0, 0, 0, 0xBC, 0xFF, 0xFF, 1, 2, 0xFD, 0, 4, 5, 127, 0])
    #expect(offsets.packedBytes(of: 6) == 16)
  }
}

/// A family with a statement more at the end of its kernels.
private struct EditedFamily<Base: KernelFamily>: KernelFamily {
  let base: Base
  let edit: String
  var name: String { base.name }
  func plan(_ step: Base.Work, in program: Program, on target: Target) throws(Refusal) -> Base.Plan {
    try base.plan(step, in: program, on: target)
  }
  func cycles(_ plan: Base.Plan) -> Double { base.cycles(plan) }
  func emit(_ plan: Base.Plan) -> KernelCode {
    var code = base.emit(plan)
    code.body += "\n  " + edit
    return code
  }
}

extension KernelFamily {
  fileprivate func edited(_ edit: String) -> any KernelFamily { EditedFamily(base: self, edit: edit) }
}
