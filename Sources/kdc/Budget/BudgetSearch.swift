import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor
import KDCTraining

/// The search behind `Stage.meetBudget`.
struct BudgetSearch {
  let compilation: Compilation
  let progress: Progress
  let budget: Budget
  var points: [BudgetPoint] = []
  /// Pruned and recovered models by name, so that later stages do not make them again.
  var finished: [String: FinishedModel] = [:]

  struct Choice {
    var aim: PruningAim?
    var name: String
    var reason: String
  }

  init(_ compilation: Compilation, _ progress: Progress) {
    self.compilation = compilation
    self.progress = progress
    budget = compilation.request.budget
  }

  private var weights: String { compilation.request.weights.rawValue }
  private var weightBits: Int { compilation.request.weights == .int4 ? 4 : 8 }

  mutating func run() throws -> Choice {
    // What is asked for besides the budget is the least that is removed.
    let asked = compilation.request.compression.cut.map { PruningAim.cut($0) }
    let first = try candidate(asked, name: "asked")
    if first.point.costExcess(budget) > 1 {
      guard asked == nil else { throw failure() }
      return try cut()
    }
    guard budget.hasQuality else { return choice(asked, "asked", first.point, "nothing has to be removed") }
    let measured = try finish(first)
    if measured.excess(budget) > 1 { throw failure() }
    guard asked == nil, !budget.hasCost else { return choice(asked, "asked", measured, "measured as asked for") }
    return try shrink()
  }

  /// Costs are over their limits: prunes until they are not. Where bits are free, once with 8 and once with 4 a weight; the
  /// model whose answers are nearer to the teacher's before any training is the one to go on with.
  private mutating func cut() throws -> Choice {
    let bits = compilation.request.weights == .auto ? [8, 4] : [weightBits]
    var found: [(aim: PruningAim, candidate: Candidate)] = []
    for bits in bits {
      if let fitting = try fit(weightBits: bits) { found.append(fitting) }
    }
    if found.count > 1 {
      for index in found.indices {
        let program = try compilation.program(of: found[index].candidate.graph, progress: progress)
        found[index].candidate.point.divergence = try compilation.quality(of: program, progress: progress).divergence
        points.append(found[index].candidate.point)
      }
    }
    let nearest = found.min {
      ($0.candidate.point.divergence ?? 0, $0.candidate.point.size)
        < ($1.candidate.point.divergence ?? 0, $1.candidate.point.size)
    }
    guard let (aim, candidate) = nearest else { throw failure() }
    guard budget.hasQuality else { return choice(aim, candidate.name, candidate.point, "pruned to the limits") }
    let measured = try finish(candidate)
    guard measured.excess(budget) <= 1 else { throw failure() }
    return choice(aim, candidate.name, measured, "pruned to the limits")
  }

  /// The model pruned just as far as costs ask for; nil where no pruning is enough.
  private mutating func fit(weightBits bits: Int) throws -> (aim: PruningAim, candidate: Candidate)? {
    var tightened = budget
    for round in 0..<3 {
      let aim = PruningAim.budget(tightened, weightBits: bits)
      let found = try candidate(aim, name: "budget\(bits)-\(round)")
      let excess = found.point.costExcess(budget)
      if excess <= 1 { return (aim, found) }
      guard found.reached else { return nil }
      // The estimate was low by this much.
      tightened.scaleCosts(by: 0.99 / excess)
    }
    return nil
  }

  /// Only quality is limited: the smallest model that keeps it, by bisection on the share of MACs removed.
  private mutating func shrink() throws -> Choice {
    var best: Choice?
    var (low, high) = (0.0, 0.96)
    for round in 0..<5 {
      let share = (low + high) / 2
      let aim = PruningAim.cut(.macs(share))
      let found = try candidate(aim, name: "share\(round)")
      guard found.reached else {
        high = share
        continue
      }
      let measured = try finish(found)
      if measured.excess(budget) <= 1 {
        low = share
        best = choice(aim, found.name, measured, "the most that quality allows, to about 3 % of the MACs")
      } else {
        high = share
      }
    }
    return best ?? Choice(aim: nil, name: "asked", reason: "quality allows no pruning")
  }

  fileprivate struct Candidate {
    var name: String
    var graph: Graph
    var reached: Bool
    var point: BudgetPoint
  }

  /// Prunes, quantises and lowers a model without recovering it: its costs are those of the recovered one.
  private mutating func candidate(_ aim: PruningAim?, name: String) throws -> Candidate {
    var (graph, reached) = (compilation.student, true)
    if let aim {
      let outcome = try compilation.pruned(aim, name: name, progress: progress)
      finished[name] = FinishedModel(pruning: outcome)
      (graph, reached) = (outcome.graph, outcome.reached)
    }
    let program = try compilation.program(of: graph, progress: progress)
    let point = try self.point(program, graph)
    points.append(point)
    progress.detail("\(name): \(point.size) bytes, \(point.milliseconds) ms, arena \(point.memory)")
    return Candidate(name: name, graph: graph, reached: reached, point: point)
  }

  /// Recovers a candidate and measures it on held-out samples.
  private mutating func finish(_ candidate: Candidate) throws -> BudgetPoint {
    var graph = candidate.graph
    if compilation.request.compression.recoveryEpochs > 0, let pruning = finished[candidate.name]?.pruning {
      let result = try compilation.recovered(
        graph, kept: pruning.kept, checkpoint: candidate.name, progress: progress)
      finished[candidate.name]?.recovery = result
      graph = result.graph
    }
    let program = try compilation.program(of: graph, progress: progress)
    var point = try self.point(program, graph)
    (point.divergence, point.accuracy) = try compilation.quality(of: program, progress: progress)
    points.append(point)
    return point
  }

  private func point(_ program: Program, _ graph: Graph) throws -> BudgetPoint {
    BudgetPoint(
      try ModelEstimate(program, targets: compilation.request.targets),
      removed: 1 - Double(graph.macs) / Double(max(compilation.student.macs, 1)), weights: weights)
  }

  private func choice(_ aim: PruningAim?, _ name: String, _ point: BudgetPoint, _ reason: String) -> Choice {
    Choice(aim: aim, name: name, reason: "\(reason): \(point.summary(budget))")
  }

  private func failure() -> BudgetFailure {
    BudgetFailure(model: compilation.report.model, budget: budget, points: points)
  }
}

/// A model that the search made and that later stages may take.
struct FinishedModel: Sendable {
  var pruning: PruningOutcome?
  var recovery: Recovery.Result?
}
