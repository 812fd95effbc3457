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
  /// Convolutions one after the other, with and without pads, a depthwise one, and a residual.
  private func chain(seed: UInt64) -> Program {
    var source = ConvolutionCases(seed: seed)
    typealias Link = (kernel: Int, stride: Int, from: Int, to: Int, groups: Int, residual: Bool)
    let links: [Link] = [
      (3, 1, 5, 24, 1, false), (1, 1, 24, 24, 1, false), (3, 1, 24, 24, 24, false), (1, 1, 24, 24, 1, true),
      (3, 2, 24, 37, 1, false), (5, 1, 37, 20, 1, false),
    ]
    var size = 19
    var program = Program(name: "chain")
    for (index, link) in links.enumerated() {
      let after = (size + link.stride - 1) / link.stride
      let (single, _) = source.make(
        ConvolutionGeometry(
          input: (size, size, link.from), output: (after, after, link.to), kernel: (link.kernel, link.kernel),
          strides: (link.stride, link.stride), padTop: link.kernel / 2, padLeft: link.kernel / 2, groups: link.groups),
        residual: link.residual, values: .even)
      guard var step = single.steps[0] as? ConvolutionStep else { continue }
      if index == 0 { program.buffers.append(single.buffers[0]) }
      (step.input, step.output) = (BufferID(index), BufferID(index + 1))
      step.residual?.buffer = BufferID(index - 2)
      let constants = program.constants.count
      (step.weights, step.bias, step.multipliers) = (
        ConstantID(constants), ConstantID(constants + 1), ConstantID(constants + 2)
      )
      step.name = "conv\(index)"
      program.buffers.append(single.buffers[1])
      program.constants += single.constants
      program.steps.append(step)
      size = after
    }
    let last = program.buffers.count - 1
    program.inputs = [Port(name: "x", dataType: .int8, shape: program.buffers[0].shape, buffer: BufferID(0))]
    program.outputs = [Port(name: "y", dataType: .int8, shape: program.buffers[last].shape, buffer: BufferID(last))]
    return program
  }

  @Test("One to eight threads and two instances at once give the golden bytes, without a data race")
  func sanitized() throws {
    let program = chain(seed: 31)
    try program.validate()
    let selection = try KernelSelection(for: program, on: TestTargets.host)
    #expect(selection.choices.count { $0.code.units > 1 } > 3)
    let plan = MemoryPlan(program, workspaces: selection.workspaceBytes)
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
    let runtime = ["container", "cpu", "crc32", "golden", "inflate", "instance", "json", "npy", "pack", "pool", "text"]
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
