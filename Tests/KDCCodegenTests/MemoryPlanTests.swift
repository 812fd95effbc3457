import KDCCodegen
import KDCProgram
import KDCTensor
import KDCTestSupport
import Testing

@Suite("Memory plan")
struct MemoryPlanTests {
  /// A program of `steps` that each read and write buffers of the given sizes; float steps stand for any.
  private func program(_ sizes: [Int], _ steps: [any Step], inputs: [Int], outputs: [Int]) -> Program {
    var program = Program(name: "plan")
    program.buffers = sizes.map { Buffer(name: "b", dataType: .uint8, shape: [$0]) }
    program.steps = steps
    program.inputs = inputs.map { Port(name: "i", dataType: .uint8, shape: [sizes[$0]], buffer: BufferID($0)) }
    program.outputs = outputs.map { Port(name: "o", dataType: .uint8, shape: [sizes[$0]], buffer: BufferID($0)) }
    return program
  }
  private func move(_ from: Int, _ to: Int) -> any Step {
    MoveStep(
      name: "m", input: BufferID(from), output: BufferID(to), elementBytes: 1, inputOffset: 0, outputOffset: 0,
      walk: Walk(extents: [1], strides: [[1], [1]]))
  }
  private func unary(_ from: Int, _ to: Int) -> any Step {
    FloatUnaryStep(name: "u", function: .relu, input: BufferID(from), output: BufferID(to), count: 1)
  }

  @Test("a chain shares memory between buffers that never live together, its input's as well")
  func chain() {
    let chain = program([64, 100, 200, 100, 64], (0..<4).map { move($0, $0 + 1) }, inputs: [0], outputs: [4])
    let plan = MemoryPlan(chain)
    #expect(plan.arenaBytes == plan.lowerBound)
    #expect(plan.arenaBytes == 128 + 256 + 64)
    #expect(plan.offsets.allSatisfy { $0 % MemoryPlan.alignment == 0 })
    #expect(plan.offsets[1] == plan.offsets[3] || plan.offsets[3] != plan.offsets[2])
  }

  @Test("element-wise steps work in place where the operand dies, also an input, not where it is read later")
  func inPlace() {
    let dying = MemoryPlan(
      program([64, 64, 64, 64], [move(0, 1), unary(1, 2), move(2, 3)], inputs: [0], outputs: [3]))
    #expect(dying.offsets[1] == dying.offsets[2])
    let input = MemoryPlan(program([64, 64], [unary(0, 1)], inputs: [0], outputs: [1]))
    #expect(input.offsets[0] == input.offsets[1])
    let later = MemoryPlan(
      program([64, 64, 64, 64], [move(0, 1), unary(1, 2), move(1, 3), move(2, 3)], inputs: [0], outputs: [3]))
    #expect(later.offsets[1] != later.offsets[2])
  }

  @Test("a workspace lives in its step only")
  func workspace() {
    let chain = program([64, 64, 64], [move(0, 1), move(1, 2)], inputs: [0], outputs: [2])
    let plan = MemoryPlan(chain, workspaces: [(1..<2, 1000)])
    #expect(plan.workspaceOffsets[0] == nil)
    #expect(plan.workspaceOffsets[1] != nil)
    #expect(plan.arenaBytes == 64 * 2 + 1024 + 64)
  }

  @Test("random programs: no two living buffers overlap, and the arena is near the lower bound")
  func randomPrograms() {
    let seed: UInt64 = 21
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let count = Int.random(in: 3...30, using: &random)
      let sizes = (0..<count).map { _ in 64 * Int.random(in: 1...8, using: &random) }
      let steps = (1..<count).map { target -> any Step in
        let source = Int.random(in: max(0, target - 6)..<target, using: &random)
        return Bool.random(using: &random) ? move(source, target) : unary(source, target)
      }
      let program = program(sizes, steps, inputs: [0], outputs: [count - 1])
      let workspaces = steps.map { _ in Bool.random(using: &random) ? Int.random(in: 1...3000, using: &random) : 0 }
      let plan = MemoryPlan(program, workspaces: workspaces.enumerated().filter { $1 > 0 }.map { ($0..<$0 + 1, $1) })
      #expect(plan.arenaBytes >= plan.lowerBound, "seed \(seed)")
      #expect(plan.arenaBytes <= plan.lowerBound * 3 / 2 + 1024, "seed \(seed)")
      #expect(simulate(program, plan, workspaces), "seed \(seed)")
    }
  }

  /// Runs the lives: each byte of the arena knows its last writer; every read must find its own buffer.
  private func simulate(_ program: Program, _ plan: MemoryPlan, _ workspaces: [Int]) -> Bool {
    var owner = [Int](repeating: -1, count: plan.arenaBytes)
    func write(_ offset: Int, _ bytes: Int, _ id: Int) { for i in offset..<offset + bytes { owner[i] = id } }
    func holds(_ id: BufferID) -> Bool {
      let offset = plan.offsets[id.index]
      return owner[offset..<offset + program.buffers[id.index].byteCount].allSatisfy { $0 == id.index }
    }
    for port in program.inputs { write(plan.offsets[port.buffer.index], port.shape.count, port.buffer.index) }
    for (index, step) in program.steps.enumerated() {
      if let offset = plan.workspaceOffsets[index] { write(offset, workspaces[index], -2) }
      if !step.reads.allSatisfy(holds) { return false }
      for id in step.writes { write(plan.offsets[id.index], program.buffers[id.index].byteCount, id.index) }
      // The workspace and operands that are not taken over stay whole while the output is written.
      if let offset = plan.workspaceOffsets[index],
        !owner[offset..<offset + workspaces[index]].allSatisfy({ $0 == -2 })
      {
        return false
      }
      if !step.reads.allSatisfy({ holds($0) || step.inPlaceOperands.contains($0) }) { return false }
    }
    return program.outputs.allSatisfy { holds($0.buffer) }
  }
}
