import Foundation
import KDCGraph
import KDCProgram
import KDCTraining

/// What pruning has to reach, and what a search has already made of it.
struct BudgetChoice: Sendable {
  /// nil: nothing is pruned.
  var aim: PruningAim?
  /// Of the model being made, in the work folder.
  var name: String
  var reason = ""
  var finished = FinishedModel()
}

/// A model that the search made: later stages do not make it again.
struct FinishedModel: Sendable {
  var pruning: PruningOutcome?
  var recovery: Recovery.Result?
}

/// The search of `Pipeline.meetBudget`.
struct BudgetSearch {
  private let compiler: Compiler
  private let budget: Budget
  private var points: [BudgetPoint] = []
  /// By name.
  private var finished: [String: FinishedModel] = [:]

  init(_ compiler: Compiler) {
    self.compiler = compiler
    budget = compiler.request.budget
  }

  private var weightBits: Int { compiler.request.weights == .int4 ? 4 : 8 }

  /// What counts as a budget made use of: this share of the limit that is reached first.
  static let wantedShare = 0.95
  /// What is aimed at, where models change in steps and recovered weights compress a little differently.
  static let aimedShare = 0.98

  mutating func run() throws -> BudgetChoice {
    // What is asked for besides the budget is the least that is removed.
    let asked = compiler.aim
    let first = try candidate(asked, name: "asked")
    if first.point.costExcess(budget) > 1 {
      // How good the model would be without limits on costs is among the points of a failure.
      let whole = budget.hasQuality ? try finish(first) : nil
      guard asked == nil, (whole?.qualityExcess(budget) ?? 0) <= 1 else { throw failure() }
      return try cut()
    }
    guard budget.hasQuality else { return choice(asked, "asked", first.point, "nothing has to be removed") }
    let measured = try finish(first)
    if measured.excess(budget) > 1 { throw failure() }
    guard asked == nil, !budget.hasCost else { return choice(asked, "asked", measured, "measured as asked for") }
    return try shrink(from: measured)
  }

  /// Costs are over their limits: prunes until they are not, and trains. Where training changed a cost too much, as it can
  /// by other kernels, once more with less.
  private mutating func cut() throws -> BudgetChoice {
    var tightened = budget
    for _ in 0..<3 {
      guard let (aim, candidate) = try nearest(tightened) else { throw failure() }
      let measured = try finish(candidate)
      let excess = measured.costExcess(budget)
      if excess <= 1 {
        guard measured.qualityExcess(budget) <= 1 else { break }
        return choice(aim, candidate.name, measured, "pruned to the limits")
      }
      tightened.scaleCosts(by: Self.aimedShare / excess)
    }
    throw failure()
  }

  /// Pruned to the limits on cost. Where bits are free, once with 8 and once with 4 a weight: the model whose answers are
  /// nearer to the teacher's before any training.
  private mutating func nearest(_ tightened: Budget) throws -> (aim: PruningAim, candidate: Candidate)? {
    let bits = compiler.request.weights == .auto ? [8, 4] : [weightBits]
    var found: [(aim: PruningAim, candidate: Candidate)] = []
    for bits in bits {
      if let fitting = try fit(tightened, weightBits: bits) { found.append(fitting) }
    }
    if found.count > 1 {
      for index in found.indices {
        let program = try compiler.program(of: found[index].candidate.graph)
        found[index].candidate.point.divergence = try compiler.quality(of: program).divergence
      }
    }
    return found.min {
      ($0.candidate.point.divergence ?? 0, $0.candidate.point.size)
        < ($1.candidate.point.divergence ?? 0, $1.candidate.point.size)
    }
  }

  /// The model pruned just as far as costs ask for; nil where no pruning is enough. Estimates are of one sample and 8-bit
  /// arithmetic: what the quantised program costs corrects the aim.
  private mutating func fit(_ wanted: Budget, weightBits bits: Int) throws -> (aim: PruningAim, candidate: Candidate)? {
    var best: (aim: PruningAim, candidate: Candidate, excess: Double)?
    // Aims, as shares of the limits, that were enough and that were not.
    var (enough, tooMuch): (Double?, Double?)
    var scale = 1.0
    for _ in 0..<4 {
      var tightened = wanted
      tightened.scaleCosts(by: scale)
      let aim = PruningAim.budget(tightened, weightBits: bits)
      let found = try candidate(aim, name: "budget\(bits)-\(points.count)")
      let excess = found.point.costExcess(wanted)
      if excess <= 1 {
        if excess > best?.excess ?? 0 { best = (aim, found, excess) }
        if excess >= Self.wantedShare { break }
        enough = scale
      } else {
        guard found.reached else { break }
        tooMuch = scale
      }
      // In proportion to what was missed; halfway once the aim is between two.
      if let enough, let tooMuch {
        guard tooMuch - enough > 0.01 * enough else { break }
        scale = (enough + tooMuch) / 2
      } else {
        scale *= Self.aimedShare / excess
      }
    }
    return best.map { ($0.aim, $0.candidate) }
  }

  /// Only quality is limited: the smallest model that keeps it. The share of MACs removed at which quality reaches its
  /// limit is looked for between shares that keep it and that do not, in proportion to the logarithms of how far they are
  /// from it.
  private mutating func shrink(from whole: BudgetPoint) throws -> BudgetChoice {
    var best: BudgetChoice?
    var low = (share: 0.0, excess: whole.qualityExcess(budget))
    var high: (share: Double, excess: Double?) = (0.96, nil)
    for round in 0..<6 where high.share - low.share > 0.02 {
      let share = Self.between(low, high)
      let aim = PruningAim.cut(.macs(share))
      let found = try candidate(aim, name: "share\(round)")
      guard found.reached else {
        high = (share, nil)
        continue
      }
      let measured = try finish(found)
      let excess = measured.qualityExcess(budget)
      compiler.progress.detail("\(measured.removed) of the MACs removed: \(measured.summary(budget))")
      if excess <= 1 {
        low = (share, excess)
        best = choice(aim, found.name, measured, "the most that quality allows")
        if excess >= Self.wantedShare { break }
      } else {
        high = (share, excess)
      }
    }
    return best ?? BudgetChoice(aim: nil, name: "asked", reason: "quality allows no pruning")
  }

  /// Where log excess, taken as linear, is a little below 0; kept off the ends.
  private static func between(
    _ low: (share: Double, excess: Double), _ high: (share: Double, excess: Double?)
  ) -> Double {
    var part = 0.5
    if let above = high.excess, above.isFinite, above > low.excess, low.excess > 0 {
      part = (log(aimedShare) - log(low.excess)) / (log(above) - log(low.excess))
    }
    return low.share + min(max(part, 0.15), 0.85) * (high.share - low.share)
  }

  fileprivate struct Candidate {
    var name: String
    var graph: Graph
    var reached: Bool
    var point: BudgetPoint
  }

  /// Prunes, quantises and lowers a model without recovering it: its costs are those of the recovered one.
  private mutating func candidate(_ aim: PruningAim?, name: String) throws -> Candidate {
    var (graph, reached) = (compiler.inputs.student, true)
    if let aim {
      let outcome = try compiler.prune(aim, name: name)
      finished[name] = FinishedModel(pruning: outcome)
      (graph, reached) = (outcome.graph, outcome.reached)
    }
    let program = try compiler.program(of: graph)
    let point = try self.point(program, graph)
    points.append(point)
    compiler.progress.detail("\(name): \(point.size) bytes, \(point.milliseconds) ms, arena \(point.memory)")
    return Candidate(name: name, graph: graph, reached: reached, point: point)
  }

  /// Recovers a candidate, and measures it on held-out samples where quality is limited.
  private mutating func finish(_ candidate: Candidate) throws -> BudgetPoint {
    var graph = candidate.graph
    if compiler.request.compression.recoveryEpochs > 0, let pruning = finished[candidate.name]?.pruning {
      let result = try compiler.recover(
        graph, kept: pruning.kept, epochs: compiler.request.compression.recoveryEpochs - pruning.epochs,
        checkpoint: candidate.name)
      finished[candidate.name]?.recovery = result
      graph = result.graph
    }
    let program = try compiler.program(of: graph)
    var point = try self.point(program, graph)
    if budget.hasQuality {
      (point.divergence, point.accuracy) = try compiler.quality(of: program)
    }
    points.append(point)
    return point
  }

  private func point(_ program: Program, _ graph: Graph) throws -> BudgetPoint {
    BudgetPoint(
      try ModelEstimate(
        program, targets: compiler.request.targets, mostMemory: compiler.request.budget.arenaBytes),
      removed: compiler.removed(from: graph), weights: compiler.request.weights.rawValue)
  }

  private func choice(_ aim: PruningAim?, _ name: String, _ point: BudgetPoint, _ reason: String) -> BudgetChoice {
    BudgetChoice(
      aim: aim, name: name, reason: "\(reason): \(point.summary(budget))",
      finished: finished[name] ?? FinishedModel())
  }

  private func failure() -> BudgetFailure {
    BudgetFailure(model: compiler.inputs.student.name, budget: budget, points: points)
  }
}
