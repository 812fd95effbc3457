import KDCDiagnostics
import KDCKernels
import KDCProgram
import KDCTargets

/// The kernel of each step on one target, and why: the family with the lowest estimate among those that take the step.
package struct KernelSelection: Sendable {
  package let target: Target
  /// One for each step of the program.
  package var choices: [KernelChoice]
  /// Steps that run as one, in order; their choices are those of links.
  package internal(set) var chains: [KernelChain] = []

  /// Estimated cycles of one inference on one core.
  package var cycles: Double { choices.reduce(0) { $0 + $1.cycles } }
  /// The same on `threads` cores. What it takes to wake threads and to wait for them is not counted.
  package func cycles(threads: Int) -> Double {
    calls.reduce(0) { sum, call in
      sum + (call.chain?.cycles(threads: threads) ?? choices[call.steps.lowerBound].cycles(threads: threads))
    }
  }

  /// What the runtime calls, a step of its own or a chain, in order.
  package struct Call: Sendable {
    package var steps: Range<Int>
    package var chain: KernelChain?
    package var units: Int
    /// Of a part's workspace: whole cache lines.
    package var partBytes: Int
    /// Parts that have one.
    package var parts: Int
  }

  package var calls: [Call] {
    var list: [Call] = []
    var chains = chains[...]
    while (list.last?.steps.upperBound ?? 0) < choices.count {
      let step = list.last?.steps.upperBound ?? 0
      let chain = chains.first?.steps.lowerBound == step ? chains.removeFirst() : nil
      let code = choices[step].code
      let units = chain?.units ?? code.units
      let bytes = chain?.partBytes ?? (code.workspaceBytes + 63) / 64 * 64
      list.append(
        Call(
          steps: chain?.steps ?? step..<step + 1, chain: chain, units: units, partBytes: bytes,
          parts: bytes > 0 ? min(units, max(target.cores, 1), Int(UInt16.max)) : 0))
    }
    return list
  }

  /// The chain that a step is in.
  package func chain(with step: Int) -> KernelChain? {
    // The first that does not end before it.
    var (low, high) = (0, chains.count)
    while low < high {
      let middle = (low + high) / 2
      if chains[middle].steps.upperBound <= step { low = middle + 1 } else { high = middle }
    }
    return low < chains.count && chains[low].steps.contains(step) ? chains[low] : nil
  }

  /// What an integer convolution would take in float32, conversions apart; nil for other steps.
  package static func floatCycles(of step: any Step, in program: Program, on target: Target) -> Double? {
    guard let step = step as? ConvolutionStep else { return nil }
    let float = FloatConvolutionStep(
      name: step.name, input: step.input, output: step.output, geometry: step.geometry, weights: step.weights,
      bias: step.bias)
    return Families.all.compactMap { try? $0.offer(float.form, in: program, on: target).cycles }.min()
  }
}

/// What was chosen for one step.
package struct KernelChoice: Sendable {
  package var family: String
  package var cycles: Double
  /// Cycles in which its constants come from memory, whatever the number of cores; 0 where they stay in the last cache.
  package var memoryCycles: Double
  /// What choices are made by: the geometric mean of the cycles of one core working alone and of those of all working
  /// together. As much as `cycles` where work divides evenly and memory does not limit it.
  package var cost: Double
  package var code: KernelCode
  /// Every family that knows this kind of step, in the order of the list, with its estimate or its refusal.
  package var candidates: [Candidate]

  package struct Candidate: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
      case cycles(Double)
      case refused(String)
    }
    package var family: String
    package var verdict: Verdict
  }
}

extension KernelChoice {
  /// On `threads` cores: the largest share that a thread gets, units taken as equal, or what the cores wait for together.
  package func cycles(threads: Int) -> Double {
    threads > 1 ? max(cycles * code.largestShare(threads), memoryCycles) : cycles
  }

  /// For people: "conv_runs_4x4_neon: 12400 cycles; next conv_scalar: 98000".
  package var reason: String {
    var rivals: [(family: String, cycles: Double)] = []
    for candidate in candidates where candidate.family != family {
      if case .cycles(let cycles) = candidate.verdict { rivals.append((candidate.family, cycles)) }
    }
    let own = "\(family): \(Self.rounded(cycles)) cycles"
    guard let next = rivals.min(by: { $0.cycles < $1.cycles }) else { return own + "; no other family takes the step" }
    let note = next.cycles < cycles ? ", but it needs more memory, or more time on all cores" : ""
    return own + "; next \(next.family): \(Self.rounded(next.cycles))\(note)"
  }

  private static func rounded(_ cycles: Double) -> String {
    cycles.isFinite && cycles < 1e15 ? String(Int(cycles.rounded())) : "unbounded"
  }
}

extension KernelSelection {
  /// The kernels that are soonest done. Workspaces that would make the arena larger than the buffers need are cut where
  /// that costs hardly any time; where the arena would exceed `memory` they must fit, and faster kernels give way to
  /// others.
  ///
  /// Throws `DiagnosticList` naming every step that no family takes.
  package init(
    for program: Program, on target: Target, families: [any KernelFamily] = Families.all, memory: Int? = nil
  ) throws {
    let program = program.withRanges
    let buffers = MemoryPlan(program)
    func room(_ arena: Int, isStrict: Bool) -> WorkspaceRoom {
      WorkspaceRoom(buffers, arena: arena, target, isStrict: isStrict)
    }
    try self.init(for: program, on: target, families, room(buffers.lowerBound, isStrict: false))
    guard let memory else { return }
    // Gaps between the blocks take memory too; how much shows only afterwards.
    var arena = memory
    for _ in 0..<Self.mostTries {
      let excess = MemoryPlan(program, for: self).arenaBytes - memory
      guard excess > 0, arena > 0 else { return }
      try self.init(for: program, on: target, families, room(arena, isStrict: true))
      arena -= memory / 8
    }
  }

  private static let mostTries = 5

  private init(
    for program: Program, on target: Target, _ families: [any KernelFamily], _ room: WorkspaceRoom
  ) throws {
    self.target = target
    choices = []
    var faults: [Diagnostic] = []
    for (index, step) in program.steps.enumerated() {
      let kind = type(of: step).kind
      var candidates: [KernelChoice.Candidate] = []
      var offers: [KernelOffer] = []
      for family in families where family.stepKind == kind {
        do throws(Refusal) {
          let offer = try family.offer(step, in: program, on: target)
          candidates.append(.init(family: family.name, verdict: .cycles(offer.cycles)))
          offers.append(offer)
        } catch {
          candidates.append(.init(family: family.name, verdict: .refused(error.reason)))
        }
      }
      guard var choice = room.choice(of: offers, step: index, in: program) else {
        let notes = candidates.compactMap {
          if case .refused(let reason) = $0.verdict { "\($0.family): \(reason)" } else { nil }
        }
        faults.append(
          Diagnostic(
            .noKernel, "no kernel for step \(index) (\(kind)) on '\(target.name)'",
            at: Place(file: "", detail: "node '\(step.name)'"), notes: notes))
        continue
      }
      choice.candidates = candidates
      choices.append(choice)
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    join(program, families: families)
  }
}
