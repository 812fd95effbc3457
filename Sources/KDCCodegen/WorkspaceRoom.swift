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

  /// The kernel of least cost among those offered for a step; the first of equals: the list is the order of preference. Its
  /// candidates are left empty.
  func choice(of offers: [KernelOffer], step index: Int, in program: Program) -> KernelChoice? {
    let order = offers.indices.sorted { (offers[$0].cycles, $0) < (offers[$1].cycles, $1) }.map { offers[$0] }
    var best: (offer: KernelOffer, choice: KernelChoice)?
    // A cost is never less than the cycles on one core.
    for offer in order where offer.cycles < best?.choice.cost ?? .infinity {
      let choice = choice(offer, index, program)
      if choice.cost < best?.choice.cost ?? .infinity { best = (offer, choice) }
    }
    guard let best else { return nil }
    guard best.choice.code.workspaceBytes > bytes[index] else { return best.choice }
    guard isStrict else {
      let cut = choice(cut(best.offer, index, program), index, program)
      let isSlight =
        cut.cycles <= Self.slightSlowdown * best.choice.cycles && cut.cost <= Self.slightSlowdown * best.choice.cost
      return isSlight ? cut : best.choice
    }
    var smallest = best.choice
    for offer in order where offer.cycles <= Self.mostSlowdown * best.choice.cost {
      let choice = choice(cut(offer, index, program), index, program)
      guard choice.cost <= Self.mostSlowdown * best.choice.cost else { continue }
      if choice.code.workspaceBytes <= bytes[index] { return choice }
      if choice.code.workspaceBytes < smallest.code.workspaceBytes { smallest = choice }
    }
    return smallest
  }

  private static let mostSlowdown = 3.0
  private static let slightSlowdown = 1.02

  /// The same from the family's kernel with a smaller workspace, if it can do with one.
  private func cut(_ offer: KernelOffer, _ index: Int, _ program: Program) -> KernelOffer {
    let family = (offer.family as? any WorkspaceFamily)?.within(workspace: bytes[index])
    return (try? family?.offer(program.steps[index], in: program, on: target)) ?? offer
  }

  private func choice(_ offer: KernelOffer, _ index: Int, _ program: Program) -> KernelChoice {
    let (step, code) = (program.steps[index], offer.code)
    let packed = zip(step.constants, code.packings).map { constant, packing in
      packing.packedBytes(of: program.constants[constant.index].tensor.byteCount)
    }
    let bytes = Double(packed.reduce(0, +))
    let memory = target.caches.streamingCycles(bytes) * Double(code.passes)
    let cores = max(target.cores, 1)
    let together = cores > 1 ? max(offer.cycles * code.largestShare(cores), memory) : offer.cycles
    return KernelChoice(
      family: offer.family.name, cycles: offer.cycles,
      memoryCycles: target.streamingCycles(bytes) * Double(code.passes),
      cost: (offer.cycles * Double(cores) * together).squareRoot(), code: code, candidates: [])
  }
}
