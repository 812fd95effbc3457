import KDCCodegen
import KDCKernels
import KDCProgram
import KDCTargets
import KDCTestSupport
import Testing

@Suite("Workspaces of kernels") struct WorkspaceTests {
  /// Layers for Winograd's kernels, with an input that is larger than what follows; `wide` as in a ResNet.
  private func network(wide: Bool) -> Program {
    var source = ConvolutionCases(seed: 8)
    return wide
      ? source.network(
        [.init(3, stride: 2, 64), .init(3, 64), .init(3, 64), .init(3, 64)], height: 112, width: 112, channels: 64)
      : source.network([.init(3, 16), .init(3, 32), .init(3, 64)], height: 14, width: 14, channels: 8)
  }

  private func plan(_ program: Program, memory: Int? = nil) throws -> (KernelSelection, MemoryPlan) {
    let selection = try KernelSelection(for: program, on: TestTargets.a72, memory: memory)
    return (selection, MemoryPlan(program, for: selection))
  }

  @Test("Workspaces are cut to the memory that the buffers leave where that costs hardly any time")
  func room() throws {
    let program = network(wide: true)
    let (selection, plan) = try plan(program)
    #expect(selection.choices.contains { $0.family == "conv_winograd4_neon" })
    #expect(Double(plan.arenaBytes) <= 1.1 * Double(MemoryPlan(program).lowerBound))
  }

  @Test("Within less memory slower kernels are chosen, down to what the buffers need", arguments: [90, 60, 40, 20, 10])
  func limits(percent: Int) throws {
    let program = network(wide: false)
    let (free, plenty) = try plan(program)
    let buffers = MemoryPlan(program).arenaBytes
    #expect(plenty.arenaBytes > 2 * buffers)
    let memory = buffers + (plenty.arenaBytes - buffers) * percent / 100
    let (tight, plan) = try plan(program, memory: memory)
    #expect(plan.arenaBytes <= memory)
    #expect(tight.cycles > free.cycles && tight.cycles < 3 * free.cycles)
  }

  @Test("Memory that nothing can do with changes nothing for the worse")
  func outOfReach() throws {
    let program = network(wide: false)
    let (selection, plan) = try plan(program, memory: 100)
    #expect(plan.arenaBytes > 100)
    #expect(selection.choices.count == program.steps.count)
  }
}
