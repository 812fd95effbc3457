import Foundation
import KDCBundle
import KDCCodegen
import KDCDiagnostics
import KDCKernels
import KDCProgram
import KDCTestSupport
import KDCToolchain
import Testing

private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path
private let compiler = ToolSearch().find("cc")

/// The runtime with generated kernels under ThreadSanitizer.
@Suite(.enabled(if: compiler != nil && KernelHarness.available(.host), "needs cc and AVX2"))
struct ThreadTests {
  /// Kernels of the host for layers by themselves, and portable ones for chains, which those do not make.
  @Test(
    "One to eight threads and two instances at once give the golden bytes, without a data race",
    arguments: [false, true]
  )
  func sanitized(joined: Bool) throws {
    var source = ConvolutionCases(seed: 31)
    let program = source.network(
      [
        .init(3, 24), .init(1, 24), .init(3, 24, depthwise: true), .init(1, 24, residual: true),
        .init(3, stride: 2, 37),
        .init(5, 20),
      ], height: 19, width: 19, channels: 5)
    try program.validate()
    let selection =
      try joined
      ? KernelSelection(
        for: program, on: TestTargets.host.starved, families: Families.all.filter { $0.name == "conv_scalar" })
      : KernelSelection(for: program, on: TestTargets.host)
    #expect(selection.calls.count { $0.units > 1 } >= (joined ? 2 : 4))
    #expect(joined ? selection.chains.count == 2 : selection.chains.isEmpty)
    let plan = MemoryPlan(program, for: selection)
    let variants = try Emission.variants(of: program, [.init(selection: selection, plan: plan)])
    var streams = ContainerWriter()
    try streams.add(.golden, try Golden(of: program, seeds: [1, 2, 3], ranges: ["x": -128...127]).json())
    for stream in program.constantStreams { try streams.add(.constant, program.storedBytes(of: stream)) }
    try streams.add(.manifest, Array("{}".utf8))

    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try Files.write(try streams.finish(), to: folder.path + "/container")
    try folder.write(Emission.model(of: program, variants: variants), to: "model.c")
    try folder.write(variants[0].text, to: "variant.c")
    let runtime = [
      "abi", "chain", "container", "cpu", "crc32", "decimal", "golden", "inflate", "instance", "io", "json", "npy",
      "pack",
      "pool", "text",
    ]
    let arguments =
      ["-std=gnu11", "-O1", "-g", "-w", "-I", root + "/Sources/CKDCRuntime/include"] + TestTargets.host.compilerFlags
      + ["-Wl,--wrap=kdc_cpu_count", "\(root)/Tests/RuntimePrograms/threads.c", "model.c", "variant.c"]
      + runtime.map { "\(root)/Sources/CKDCRuntime/\($0).c" } + ["-lpthread", "-o", "program"]
    var build = try Subprocess.run(try #require(compiler), ["-fsanitize=thread"] + arguments, in: folder.path)
    if build.status != 0 { build = try Subprocess.run(try #require(compiler), arguments, in: folder.path) }
    try #require(build.status == 0, "\(build.output)")
    let result = try Subprocess.run("/usr/bin/env", ["timeout", "300", "./program", "container"], in: folder.path)
    #expect(result.status == 0 && result.output == "ok\n", "exit \(result.status): \(result.output.prefix(3000))")
  }
}
