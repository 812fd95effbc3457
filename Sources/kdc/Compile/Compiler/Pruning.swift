import Foundation
import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCTraining

/// What pruning is to reach.
enum PruningAim: Sendable, Codable, Equatable {
  case cut(CompressionRequest.Cut)
  /// Every cost of a budget, with weights of so many bits.
  case budget(Budget, weightBits: Int)

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

extension Compiler {
  /// What was asked for besides a budget.
  var aim: PruningAim? { request.compression.cut.map { .cut($0) } }

  /// Removes channels of the student, or takes the result of an interrupted run with this name and aim from the work
  /// folder.
  func prune(_ aim: PruningAim, name: String) throws -> PruningOutcome {
    if let stored = inputs.workFolder?.pruning(aim, name: name, of: inputs.student) {
      progress.detail("\(name) from the work folder")
      return stored
    }
    guard let training = inputs.training, let guidance else { throw InternalError("pruning has no answers to keep") }
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
    if case .budget(let budget, _) = aim { options.alignment = budget.milliseconds == nil ? 1 : 4 }
    let begin = Date()
    let epochs = epochsBetweenSteps
    var spent = 0
    if epochs > 0 {
      // Fewer, larger steps: a training has something to mend.
      options.steps = 4
      options.train = { graph, kept, step in
        let result = try recover(graph, kept: kept, epochs: epochs, checkpoint: "\(name)-step\(step)")
        progress.detail("step \(step): \(result.reason)")
        spent += result.history.count
        return result.graph
      }
    }
    let result = try Pruner.run(
      inputs.student, samples: training.views, targets: guidance, goal: try goal(aim), cost: cost(aim),
      options: options
    ) { step in
      progress.update("prune: step", done: step.step, of: options.steps, since: begin)
      progress.detail("step \(step.step): \(step.removed) channels removed, \(step.measure)")
    }
    let outcome = PruningOutcome(
      graph: result.graph, unreconstructed: result.unreconstructed, unfactored: result.unfactored,
      lowRank: result.lowRank, groups: result.groups, kept: result.kept, epochs: spent, reached: result.reached)
    try inputs.workFolder?.save(outcome, of: aim, name: name)
    return outcome
  }

  private func goal(_ aim: PruningAim) throws -> Pruner.Goal {
    switch aim {
    case .cut(.macs(let share)): return .macs(of: inputs.student, removing: share)
    case .cut(.width(let share)): return try .channels(of: inputs.student, removing: share)
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
  private func cost(_ aim: PruningAim) -> Pruner.Measure {
    switch aim {
    case .budget(let budget, let bits):
      let estimate = estimator(countsSize: budget.size != nil, weightBits: bits)
      return { graph in
        let found = try estimate(graph)
        return BudgetLimit.costs.reduce(0) { sum, limit in
          guard let bound = budget[keyPath: limit.bound], let cost = limit.cost?(found) else { return sum }
          return sum + cost / bound
        }
      }
    case .cut(.macs): return { Double($0.macs) }
    // Every channel counts the same.
    case .cut(.width): return { _ in 0 }
    }
  }
}

extension WorkFolder {
  /// Beside the graphs of a pruning.
  private struct Summary: Codable {
    var aim: PruningAim
    var isFactored: Bool
    var groups: [Pruner.GroupRecord]
    var kept: [String: [Int]]
    var lowRank: [LowRank.Decision]
    var epochs: Int
    var reached: Bool
  }

  fileprivate func pruning(_ aim: PruningAim, name: String, of student: Graph) -> PruningOutcome? {
    guard var graph = graph(name), let raw = self.graph(name + "-raw"),
      let summary = value(name, as: Summary.self), summary.aim == aim,
      case let wide = summary.isFactored ? self.graph(name + "-wide") : nil, (wide != nil) == summary.isFactored
    else { return nil }
    graph.outputKinds = student.outputKinds
    return PruningOutcome(
      graph: graph, unreconstructed: raw, unfactored: wide, lowRank: summary.lowRank, groups: summary.groups,
      kept: summary.kept, epochs: summary.epochs, reached: summary.reached)
  }

  fileprivate func save(_ outcome: PruningOutcome, of aim: PruningAim, name: String) throws {
    try save(outcome.graph, as: name)
    try save(outcome.unreconstructed, as: name + "-raw")
    if let unfactored = outcome.unfactored { try save(unfactored, as: name + "-wide") }
    try save(
      Summary(
        aim: aim, isFactored: outcome.unfactored != nil, groups: outcome.groups, kept: outcome.kept,
        lowRank: outcome.lowRank, epochs: outcome.epochs, reached: outcome.reached),
      as: name)
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
