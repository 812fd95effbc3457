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

  /// What an arena of so many bytes leaves beside the buffers alive at each step, on all cores of the target.
  init(_ buffers: MemoryPlan, arena: Int, _ target: Target, isStrict: Bool) {
    let cores = max(target.cores, 1)
    bytes = buffers.alive.dropFirst().dropLast(2).map { max(0, arena - MemoryPlan.slack - $0) / cores / 64 * 64 }
    self.target = target
    self.isStrict = isStrict
  }

  /// The kernel of least cost among families that take the step, given with their cycles on one core; the first of equals: the
  /// list is the order of preference. Its candidates are left empty.
  func choice(
    of takers: [(family: any KernelFamily, cycles: Double)], step index: Int, in program: Program
  ) throws -> KernelChoice? {
    let order = takers.indices.sorted { (takers[$0].cycles, $0) < (takers[$1].cycles, $1) }.map { takers[$0] }
    var best: (family: any KernelFamily, choice: KernelChoice)?
    // A cost is never less than the cycles on one core.
    for (family, cycles) in order where cycles < best?.choice.cost ?? .infinity {
      let choice = try choice(family, index, program)
      if choice.cost < best?.choice.cost ?? .infinity { best = (family, choice) }
    }
    guard let best else { return nil }
    guard best.choice.code.workspaceBytes > bytes[index] else { return best.choice }
    guard isStrict else {
      let cut = try choice(cut(best.family, index), index, program)
      let isSlight =
        cut.cycles <= Self.slightSlowdown * best.choice.cycles && cut.cost <= Self.slightSlowdown * best.choice.cost
      return isSlight ? cut : best.choice
    }
    var smallest = best.choice
    for (family, cycles) in order where cycles <= Self.mostSlowdown * best.choice.cost {
      let choice = try choice(cut(family, index), index, program)
      guard choice.cost <= Self.mostSlowdown * best.choice.cost else { continue }
      if choice.code.workspaceBytes <= bytes[index] { return choice }
      if choice.code.workspaceBytes < smallest.code.workspaceBytes { smallest = choice }
    }
    return smallest
  }

  private static let mostSlowdown = 3.0
  private static let slightSlowdown = 1.02

  private func cut(_ family: any KernelFamily, _ index: Int) -> any KernelFamily {
    (family as? any WorkspaceFamily)?.within(workspace: bytes[index]) ?? family
  }

  private func choice(_ family: any KernelFamily, _ index: Int, _ program: Program) throws -> KernelChoice {
    let step = program.steps[index]
    let code = try family.emit(step, in: program, on: target)
    let packed = zip(step.constants, code.packings).map { constant, packing in
      packing.packedBytes(of: program.constants[constant.index].tensor.byteCount)
    }
    let bytes = Double(packed.reduce(0, +))
    let cycles = family.cycles(of: step, in: program, on: target) * target.cost(of: family.name)
    let memory = target.caches.streamingCycles(bytes) * Double(code.passes)
    let cores = max(target.cores, 1)
    let together = cores > 1 ? max(cycles * code.largestShare(cores), memory) : cycles
    return KernelChoice(
      family: family.name, cycles: cycles, memoryCycles: target.streamingCycles(bytes) * Double(code.passes),
      cost: (cycles * Double(cores) * together).squareRoot(), code: code, candidates: [])
  }
}
