import Foundation
import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTraining

extension Stage {
  /// Removes channels until the share asked for, or a budget, is reached; the layers behind them are refitted.
  static let prune = Stage("prune") { compilation, progress in
    guard let aim = compilation.pruningAim else { return nil }
    let outcome = try compilation.pruned(aim, name: compilation.modelName, progress: progress)
    if case .cut(let cut) = aim, !outcome.reached { throw compilation.outOfReach(cut, outcome) }
    let reconstructs = compilation.request.compression.reconstructs
    try compilation.addRung("pruned", outcome.unreconstructed, progress: progress)
    if reconstructs {
      try compilation.addRung("reconstructed", outcome.unfactored ?? outcome.graph, progress: progress)
    }
    if outcome.unfactored != nil { try compilation.addRung("low-rank", outcome.graph, progress: progress) }
    compilation.compressed = outcome.graph
    compilation.keptChannels = outcome.kept
    compilation.epochsWhilePruning = outcome.epochs
    compilation.report.channels = outcome.groups
    let channels = outcome.groups.reduce(into: (before: 0, after: 0)) {
      $0.before += $1.before
      $0.after += $1.after
    }
    let share = 1 - Double(outcome.graph.macs) / Double(max(compilation.student.macs, 1))
    let text = String(
      format: "%.1f %% of the MACs removed, %d of %d channels left", 100 * share, channels.after, channels.before)
    compilation.decide("prune", "pruning", accepted: true, text)
    for layer in outcome.lowRank { compilation.decide(layer) }
    return text
  }
}

/// What pruning is to reach.
enum PruningAim: Sendable, Codable, Equatable {
  case cut(CompressionRequest.Cut)
  /// Every cost of a budget, with weights of so many bits.
  case budget(Budget, weightBits: Int)
}

extension PruningAim {
  /// The share of its channels that every group keeps: half of what a uniform cut would leave. Importance is measured
  /// locally and underrates what a nearly empty layer would still do, most of all in a small branch of the network.
  fileprivate var leastShare: Double {
    switch self {
    // MACs go with the square of the width.
    case .cut(.macs(let share)): (1 - share).squareRoot() / 2
    case .cut(.width(let share)): (1 - share) / 2
    case .budget: 0.05
    }
  }
}

/// A pruned graph, as the work folder keeps it.
struct PruningOutcome: Sendable {
  var graph: Graph
  /// With the weights as they were.
  var unreconstructed: Graph
  /// Before layers were factored; nil where none was.
  var unfactored: Graph?
  var lowRank: [LowRank.Decision]
  var groups: [Pruner.GroupRecord]
  /// The student's channels that are left, by the output of its layers; all where there is no entry.
  var kept: [String: [Int]]
  /// Epochs of recovery between its steps.
  var epochs: Int
  var reached: Bool
}

extension Compilation {
  /// Removes channels of the student, or takes the result of an interrupted run with this name and aim from the work
  /// folder.
  func pruned(_ aim: PruningAim, name: String, progress: Progress) throws -> PruningOutcome {
    if let known = finished[name]?.pruning { return known }
    struct Summary: Codable {
      var aim: PruningAim
      var isFactored: Bool
      var groups: [Pruner.GroupRecord]
      var kept: [String: [Int]]
      var lowRank: [LowRank.Decision]
      var epochs: Int
      var reached: Bool
    }
    if let workFolder, var graph = workFolder.graph(name), let raw = workFolder.graph(name + "-raw"),
      let summary = workFolder.value(name, as: Summary.self), summary.aim == aim,
      case let wide = summary.isFactored ? workFolder.graph(name + "-wide") : nil, (wide != nil) == summary.isFactored
    {
      graph.outputKinds = student.outputKinds
      progress.detail("\(name) from the work folder")
      return PruningOutcome(
        graph: graph, unreconstructed: raw, unfactored: wide, lowRank: summary.lowRank,
        groups: summary.groups, kept: summary.kept, epochs: summary.epochs,
        reached: summary.reached)
    }
    guard let samples = trainingViews, let guidance else { throw InternalError("pruning has no answers to keep") }
    var options = Pruner.Options()
    options.importance = request.compression.importance.measure
    options.seed = request.seed
    options.threads = request.threads
    if !request.compression.reconstructs { options.reconstruction = nil }
    if request.compression.triesLowRank { options.lowRank = LowRank.Options() }
    options.minimumShare = aim.leastShare
    options.loss = request.compression.loss
    // Importance is of the answers: labels would only weigh on samples that have some.
    options.loss.hardWeight = 0
    let cost = try pruningCost(aim, &options)
    let begin = Date()
    let epochs = epochsBetweenSteps
    var spent = 0
    if epochs > 0 {
      // Fewer, larger steps: a training has something to mend.
      options.steps = 4
      options.train = { graph, kept, step in
        let result = try recovered(
          graph, kept: kept, epochs: epochs, checkpoint: "\(name)-step\(step)", progress: progress)
        progress.detail("step \(step): \(result.reason)")
        spent += result.history.count
        return result.graph
      }
    }
    let result = try Pruner.run(
      student, samples: samples, targets: guidance, goal: try goal(aim), cost: cost, options: options
    ) { step in
      progress.update("prune: step", done: step.step, of: options.steps, since: begin)
      progress.detail("step \(step.step): \(step.removed) channels removed, \(step.measure)")
    }
    try workFolder?.save(result.graph, as: name)
    try workFolder?.save(result.unreconstructed, as: name + "-raw")
    if let unfactored = result.unfactored { try workFolder?.save(unfactored, as: name + "-wide") }
    try workFolder?.save(
      Summary(
        aim: aim, isFactored: result.unfactored != nil, groups: result.groups, kept: result.kept,
        lowRank: result.lowRank, epochs: spent, reached: result.reached),
      as: name)
    return PruningOutcome(
      graph: result.graph, unreconstructed: result.unreconstructed, unfactored: result.unfactored,
      lowRank: result.lowRank, groups: result.groups, kept: result.kept, epochs: spent,
      reached: result.reached)
  }

  private func goal(_ aim: PruningAim) throws -> Pruner.Goal {
    switch aim {
    case .cut(.macs(let share)): return .macs(of: student, removing: share)
    case .cut(.width(let share)): return try .channels(of: student, removing: share)
    case .budget(let budget, let bits):
      let estimate = estimator(countsSize: budget.size != nil, weightBits: bits)
      // A little below the limit: scales and the recovered weights compress differently.
      var goal = Pruner.Goal(limit: 0.985) { graph in
        BudgetPoint(try estimate(graph), removed: 0, weights: "").costExcess(budget)
      }
      goal.slack = 0.03
      return goal
    }
  }

  /// What a channel's importance is divided by: the time that it takes on the targets, or what the budget limits.
  private func pruningCost(_ aim: PruningAim, _ options: inout Pruner.Options) throws -> Pruner.Measure {
    switch aim {
    case .budget(let budget, let bits):
      options.alignment = budget.milliseconds == nil ? 1 : 4
      let estimate = estimator(countsSize: budget.size != nil, weightBits: bits)
      return { graph in
        let found = try estimate(graph)
        return (budget.size.map { Double(found.size) / Double($0) } ?? 0)
          + (budget.milliseconds.map { found.slowest / $0 } ?? 0)
          + (budget.memory.map { found.softMemory / Double($0) } ?? 0)
      }
    case .cut(.macs): return { Double($0.macs) }
    // Every channel counts the same.
    case .cut(.width): return { _ in 0 }
    }
  }

  /// Costs of a float graph once it is quantised.
  func estimator(countsSize: Bool, weightBits: Int) -> @Sendable (Graph) throws -> ModelEstimate {
    let (targets, threads, memory, data) = (request.targets, request.threads, request.budget.memory, calibration)
    return { graph in
      guard let sample = try data?.sample(0) else { throw InternalError("an estimate needs a sample") }
      return try ModelEstimate(
        graph, sample: sample, targets: targets, countsSize: countsSize, weightBits: weightBits,
        mostMemory: memory, threads: threads)
    }
  }

  fileprivate func outOfReach(_ cut: CompressionRequest.Cut, _ outcome: PruningOutcome) -> Diagnostic {
    let left = 1 - Double(outcome.graph.macs) / Double(max(student.macs, 1))
    let (what, wanted) =
      switch cut {
      case .macs(let share): ("MACs", share)
      case .width(let share): ("channels", share)
      }
    return Diagnostic(
      .cutOutOfReach, String(format: "%.0f %% of the %@ cannot be removed", 100 * wanted, what),
      at: Place(file: request.student),
      notes: [
        String(format: "with the fewest channels that every layer keeps, %.1f %% of the MACs are gone", 100 * left)
      ], hint: "ask for a smaller share; `kdc inspect --groups` shows what can be removed")
  }
}

extension Compilation {
  fileprivate mutating func decide(_ layer: LowRank.Decision) {
    let found = String(
      format: "rank %d of %d leaves out %.2g %% of the variance: held-out loss %.4g", layer.rank, layer.outputs,
      100 * layer.lost, layer.loss)
    let text =
      found + (layer.lossBefore.map { String(format: " instead of %.4g", $0) } ?? ", and pruning alone is not enough")
    decide("prune", "low rank of '\(layer.layer)'", accepted: layer.accepted, text)
  }
}

extension CompressionRequest.Importance {
  var measure: any ChannelImportance {
    switch self {
    case .fisher: FisherImportance()
    case .taylor: TaylorImportance()
    case .magnitude: MagnitudeImportance()
    }
  }
}
