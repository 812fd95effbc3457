import Foundation
import KDCBundle
import KDCCodegen
import KDCDiagnostics
import KDCKernels
import KDCProgram
import KDCTargets
import KDCTestSupport
import KDCToolchain
import Testing

/// Bundles with chains, on emulated cores.
@Suite(.enabled(if: TinyModel.toolchain != nil && Machine.emulator(core: "cortex-a72") != nil, "needs qemu-aarch64"))
struct ChainBundleTests {
  /// Inverted bottlenecks of both strides with and without a residual, windows of 3 and 5, sizes that are odd.
  private static let layers: [ConvolutionCases.Layer] = [
    .init(3, stride: 2, 16), .init(3, 16, depthwise: true), .init(1, 16),
    .init(1, 48), .init(3, stride: 2, 48, depthwise: true), .init(1, 24),
    .init(1, 72), .init(3, 72, depthwise: true), .init(1, 24),
    .init(1, 24), .init(5, 24, depthwise: true), .init(1, 24, residual: true),
    .init(1, 19), .init(5, stride: 2, 19, depthwise: true), .init(1, 33), .init(3, 33, depthwise: true),
    .init(1, 8), .init(3, 10),
  ]

  @Test(
    "Joined layers give the golden bytes on one to four threads", arguments: [(45, 37), (26, 51)], [true, false])
  func threads(size: (height: Int, width: Int), narrow: Bool) throws {
    var source = ConvolutionCases(seed: 77)
    let program = source.network(Self.layers, height: size.height, width: size.width, channels: 3, narrow: narrow)
    try program.validate()
    let target = TestTargets.a72.starved
    let selection = try KernelSelection(
      for: program, on: target, families: Families.all.filter { $0.name != "conv_scalar" })
    #expect(selection.chains.count >= 5 && selection.chains.contains { $0.links.count == 3 })
    let families = Set(selection.chains.flatMap { $0.links.map(\.choice.family) })
    #expect(
      families.isSuperset(
        of: narrow
          ? ["conv_depthwise_short_neon", "conv_paired_columns_neon"] : ["conv_depthwise_neon", "conv_runs_4x4_neon"]),
      "\(families.sorted())")
    let plan = MemoryPlan(program, for: selection)
    let variants = try Emission.variants(of: program, [.init(selection: selection, plan: plan)])
    var builder = BundleBuilder(
      toolchain: try #require(TinyModel.toolchain), architecture: .aarch64, version: "test")
    builder.warningsAreErrors = true
    let code = variants.map {
      BundleBuilder.Code(
        source: CSource(name: $0.fileName, text: $0.text, flags: $0.compilerFlags), name: $0.name,
        targets: $0.targets.map(\.name), arenaBytes: $0.arenaBytes, weightsBytes: $0.weightsBytes)
    }
    let bytes = try builder.build(
      program, model: CSource(name: Emission.modelFileName, text: Emission.model(of: program, variants: variants)),
      code: code, golden: try Golden(of: program, seeds: [1, 2, 3], ranges: ["x": -128...127]))
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try Files.write(bytes, to: folder.path + "/model.kdb", executable: true)
    for core in ["cortex-a72", "cortex-a57"] {
      let emulator = try #require(Machine.emulator(core: core))
      for threads in 1...4 {
        let result = try Subprocess.run(
          emulator[0], emulator.dropFirst() + [folder.path + "/model.kdb", "--verify", "--threads", "\(threads)"])
        #expect(result.status == 0 && result.output.hasPrefix("verified: 3"), "\(core), \(threads): \(result.output)")
      }
    }
    let bench = try Subprocess.run(
      try #require(Machine.emulator(core: "cortex-a72"))[0],
      try #require(Machine.emulator(core: "cortex-a72")).dropFirst()
        + [folder.path + "/model.kdb", "--bench", "--runs", "1", "--per-layer"])
    #expect(bench.output.contains("conv3 + conv4"), "\(bench.output)")
  }
}
