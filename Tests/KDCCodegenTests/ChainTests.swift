import Foundation
import KDCCodegen
import KDCKernels
import KDCProgram
import KDCTargets
import KDCTestSupport
import Testing

@Suite("Chains") struct ChainTests {
  /// The first layers of a MobileNetV2.
  private func mobile(_ size: Int = 112) -> Program {
    var source = ConvolutionCases(seed: 5)
    return source.network(
      [
        .init(1, 16), .init(1, 96), .init(3, stride: 2, 96, depthwise: true), .init(1, 24),
        .init(1, 144), .init(3, 144, depthwise: true), .init(1, 24, residual: false),
      ], height: size, width: size, channels: 8, narrow: true)
  }

  @Test("An expanded tensor larger than the caches is never whole in memory, and the estimates say what that brings")
  func expansion() throws {
    let program = mobile()
    let selection = try KernelSelection(for: program, on: TestTargets.a72)
    let chain = try #require(selection.chain(with: 2))
    #expect(chain.steps.contains(1) && chain.links.count > 1)
    #expect(chain.note(for: 1).hasPrefix("one step with 'conv2'"))
    let plan = MemoryPlan(program, for: selection)
    #expect(MemoryPlan(program).arenaBytes > 1_200_000 && plan.arenaBytes < 1_000_000)
    // Runtime steps cover the program's in order.
    #expect(selection.calls.flatMap { Array($0.steps) } == Array(program.steps.indices))
    #expect(selection.calls.allSatisfy { $0.parts <= TestTargets.a72.cores && $0.units >= 1 })
    let threads = (1...4).map { selection.cycles(threads: $0) }
    #expect(threads[0] == selection.cycles)
    #expect(zip(threads, threads.dropFirst()).allSatisfy { $1 < $0 } && threads[3] > selection.cycles / 4)
  }

  @Test("Small layers, which the cache holds, stay apart")
  func small() throws {
    let selection = try KernelSelection(for: mobile(14), on: TestTargets.a72)
    #expect(selection.chain(with: 2) == nil)
  }

  @Test("What a third step or the application reads is no intermediate")
  func readers() throws {
    var program = mobile()
    program.outputs.append(Port(name: "z", dataType: .int8, shape: program.buffers[2].shape, buffer: BufferID(2)))
    #expect(
      try KernelSelection(for: program, on: TestTargets.a72.starved).chains.allSatisfy {
        !$0.steps.contains(1) || $0.steps.upperBound == 2
      })
    var residual = mobile()
    guard var last = residual.steps[4] as? ConvolutionStep else { return }
    last.residual = .init(buffer: BufferID(2), zeroPoint: 0, multiplier: 1)
    residual.steps[4] = last
    #expect(try KernelSelection(for: residual, on: TestTargets.a72.starved).chain(with: 2)?.steps.contains(1) != true)
  }

  @Test("The workspace of a chain lives with its input and output, whose places it does not touch")
  func memory() throws {
    let program = mobile(33)
    for target in [TestTargets.a72.starved, TestTargets.host.starved] {
      let selection = try KernelSelection(for: program, on: target)
      let plan = MemoryPlan(program, for: selection)
      for call in selection.calls {
        guard let chain = call.chain else { continue }
        let workspace = try #require(plan.workspaceOffsets[call.steps.lowerBound])
        var taken = [workspace..<workspace + call.partBytes * call.parts]
        for id in chain.reads + chain.writes {
          taken.append(plan.offsets[id.index]..<plan.offsets[id.index] + program.buffers[id.index].byteCount)
        }
        for (i, a) in taken.enumerated() { for b in taken[(i + 1)...] { #expect(!a.overlaps(b)) } }
        #expect(taken.allSatisfy { $0.upperBound <= plan.arenaBytes })
        for link in chain.links { #expect(link.own + link.choice.code.workspaceBytes <= call.partBytes) }
      }
    }
    #expect(try KernelSelection(for: program, on: TestTargets.a72.starved).chains.count >= 2)
  }

  @Test("The C of chains compiles without warnings", .enabled(if: Tools.path(of: "clang") != nil, "needs clang"))
  func compiles() throws {
    let program = mobile(33)
    let variant = try Emission.variants(of: program, [input(program, TestTargets.a72.starved)])[0]
    #expect(variant.text.contains("kdc_run_chain(links, ") && variant.text.contains("// Rows of "))
    #expect(variant.text.contains(".step_count = \(variant.selection.calls.count),"))
    let header = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources/CKDCRuntime/include")
    let flags =
      TestTargets.a72.compilerFlags + [
        "--target=aarch64-linux-gnu", "-std=c11", "-O2", "-ffreestanding", "-nostdlibinc", "-Wall", "-Wextra",
        "-Werror",
        "-I", header.path, "-x", "c", "-", "-S", "-o", "-",
      ]
    let assembly = try Tools.run(
      try #require(Tools.path(of: "clang")), flags, input: Data(variant.text.utf8))
    #expect(!assembly.isEmpty)
  }
}
