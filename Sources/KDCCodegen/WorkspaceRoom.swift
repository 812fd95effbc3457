import KDCKernels
import KDCProgram
import KDCTargets

/// How much workspace the kernel of each step may have for a thread.
struct WorkspaceRoom {
  /// One for each step.
  private var bytes: [Int]
  private let target: Target
  /// Whether kernels that need more are passed over for slower ones. Otherwise workspaces only shrink where that costs
  /// hardly any time.
  private let isStrict: Bool

  /// A kernel with its estimate and its code.
  typealias Choice = (family: any KernelFamily, cycles: Double, code: KernelCode)

  /// What an arena of so many bytes leaves beside the buffers alive at each step, on all cores of the target.
  init(_ buffers: MemoryPlan, arena: Int, _ target: Target, isStrict: Bool) {
    let cores = max(target.cores, 1)
    bytes = buffers.alive.dropFirst().dropLast(2).map { max(0, arena - MemoryPlan.slack - $0) / cores / 64 * 64 }
    self.target = target
    self.isStrict = isStrict
  }

  /// Of families that take the step the soonest done, the first of equals: the list is the order of preference.
  func choice(of families: [any KernelFamily], step index: Int, in program: Program) throws -> Choice? {
    let all = families.map { ($0, cycles(of: $0, program.steps[index], program)) }
    let order = all.indices.sorted { (all[$0].1, $0) < (all[$1].1, $1) }
    guard let first = order.first else { return nil }
    let fastest = try emit(families[first], index, program)
    guard fastest.code.workspaceBytes > bytes[index] else { return fastest }
    let most = isStrict ? Self.mostSlowdown : Self.slightSlowdown
    var smallest = fastest
    for place in order where isStrict || place == first {
      guard all[place].1 <= most * fastest.cycles else { break }
      let family = families[place]
      let choice = try emit(
        (family as? any WorkspaceFamily)?.within(workspace: bytes[index]) ?? family, index, program)
      guard slowdown(choice, fastest) <= most else { continue }
      if isStrict, choice.code.workspaceBytes <= bytes[index] { return choice }
      if choice.code.workspaceBytes < smallest.code.workspaceBytes { smallest = choice }
    }
    return smallest
  }

  private static let mostSlowdown = 3.0
  private static let slightSlowdown = 1.02

  private func cycles(of family: any KernelFamily, _ step: any Step, _ program: Program) -> Double {
    family.cycles(of: step, in: program, on: target) * target.cost(of: family.name)
  }

  private func emit(_ family: any KernelFamily, _ index: Int, _ program: Program) throws -> Choice {
    let step = program.steps[index]
    return (family, cycles(of: family, step, program), try family.emit(step, in: program, on: target))
  }

  /// On one core or on all, whichever is more.
  private func slowdown(_ choice: Choice, _ other: Choice) -> Double {
    func time(_ choice: Choice, _ threads: Int) -> Double { choice.cycles * choice.code.largestShare(threads) }
    return max(time(choice, 1) / time(other, 1), time(choice, target.cores) / time(other, target.cores))
  }
}
