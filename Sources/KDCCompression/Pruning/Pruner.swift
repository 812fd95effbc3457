import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTraining

/// Removes channels step by step until a goal is met: importance of every channel, removal of those that matter least
/// for what they cost, reconstruction of the layers behind them, and training where there is some to spare.
package struct Pruner {
  package typealias Measure = (Graph) throws -> Double

  package struct Goal {
    /// What is to become small: MACs, bytes, milliseconds.
    package var measure: Measure
    /// Largest allowed value of it.
    package var limit: Double
    /// Removes at most this share of the measure below the limit, where single channels allow it.
    package var slack = 0.05

    package init(limit: Double, measure: @escaping Measure) {
      self.measure = measure
      self.limit = limit
    }

    /// The share `removed` of the graph's MACs, 0 ..< 1.
    package static func macs(of graph: Graph, removing removed: Double) -> Goal {
      Goal(limit: (1 - removed) * Double(graph.macs)) { Double($0.macs) }
    }

    /// The share `removed` of all channels that can be removed, 0 ..< 1.
    package static func channels(of graph: Graph, removing removed: Double) throws -> Goal {
      func count(_ graph: Graph) throws -> Double {
        let groups = try DependencyGroups(graph)
        return groups.groups.reduce(0) { $1.pinned == nil ? $0 + Double($1.count) : $0 }
      }
      return Goal(limit: (1 - removed) * (try count(graph)), measure: count)
    }
  }

  package struct Options {
    package var steps = 8
    package var importance: any ChannelImportance = FisherImportance()
    /// Samples that importance is measured on in every step.
    package var importanceSamples = 1024
    /// Channels of a group are removed so that a multiple of this is left, where the cost has such steps.
    package var alignment = 1
    /// What stays of every group: at least this many channels, and this share of what it had.
    package var minimumChannels = 2
    package var minimumShare = 0.05
    /// nil: weights stay as they are.
    package var reconstruction: Reconstruction.Options? = Reconstruction.Options()
    /// Most samples and bytes of activations that reconstruction uses.
    package var reconstructionSamples = 1024
    package var reconstructionBytes = 512 << 20
    /// Whether factored layers are tried in place of the last channels; see `LowRankSearch`.
    package var lowRank: LowRank.Options?
    package var lowRankSamples = 512
    /// What the loss is that importance and held-out samples are judged by.
    package var loss = DistillationLoss.Options()
    /// The held-out samples are those that recovery holds out with the same share and seed: no decision sees them.
    package var heldOutShare = 0.12
    package var seed: UInt64 = 0
    /// Trains the graph after a step, the last one excepted: given the graph, the channels of the original that are left, by the
    /// output of its layers, and the number of the step. Nil: nothing is trained before the goal is reached.
    package var train: ((Graph, [String: [Int]], Int) throws -> Graph)?
    package var threads: Threads = 1
    package init() {}
  }

  /// What became of one group.
  package struct GroupRecord: Sendable, Hashable, Codable {
    package var name: String
    package var before: Int
    package var after: Int
    /// Mean importance of a channel before anything was removed.
    package var importance: Double
  }

  package struct StepRecord: Sendable {
    package var step: Int
    /// The goal's measure after the step.
    package var measure: Double
    /// Channels removed in this step.
    package var removed: Int
    package var fits: [Reconstruction.Fit]
  }

  package struct Result: Sendable {
    /// Pruned, and reconstructed if that was asked for.
    package var graph: Graph
    /// With the same channels removed and the weights as they were.
    package var unreconstructed: Graph
    package var groups: [GroupRecord]
    /// The channels of the original graph that are left, by the output of its layers; all where there is no entry.
    package var kept: [String: [Int]]
    package var steps: [StepRecord]
    /// The goal's measure before and after.
    package var before: Double
    package var after: Double
    /// Mean distillation loss of the held-out samples, before and after.
    package var lossBefore: Double
    package var lossAfter: Double
    /// What became of layers tried as two thinner ones; empty where none was.
    package var lowRank: [LowRank.Decision] = []
    /// The graph before layers were factored; nil where none was.
    package var unfactored: Graph?
    /// False where the goal is out of reach: no group has channels to spare.
    package var reached: Bool
  }

  private let original: DependencyGroups
  private let samples: any SampleSource
  private let objective: any Objective
  private let goal: Goal
  private let cost: Measure
  private let options: Options
  private let training: [Int]
  private let heldOut: [Int]

  private var graph: Graph
  /// Units removed so far, counted as the original's.
  private var removed: [Int: Set<Int>] = [:]

  /// Prunes `graph` to the goal.
  ///
  /// - Parameters:
  ///   - graph: canonical and typed, at batch 1.
  ///   - samples: for importance and reconstruction; no labels needed.
  ///   - targets: of these samples, as for recovery.
  ///   - goal: what to reach.
  ///   - cost: what a channel's importance is weighed against; by default its MACs.
  ///   - progress: called after every step.
  /// - Throws: a `DiagnosticList` of `notDifferentiable` where importance needs gradients.
  package static func run(
    _ graph: Graph, samples: any SampleSource, targets: DistillationTargets, goal: Goal,
    cost: @escaping Measure = { Double($0.macs) }, options: Options = Options(),
    progress: (StepRecord) throws -> Void = { _ in }
  ) throws -> Result {
    let order = SampleOrder(
      originals: samples.originalCount, views: samples.viewCount, heldOutShare: options.heldOutShare, seed: options.seed
    )
    var pruner = Pruner(
      original: try DependencyGroups(graph), samples: samples,
      objective: DistillationLoss(targets, options: options.loss), goal: goal,
      cost: cost, options: options, training: order.epoch(0), heldOut: order.heldOut, graph: graph)
    return try pruner.run(progress)
  }

  private mutating func run(_ progress: (StepRecord) throws -> Void) throws -> Result {
    let before = try goal.measure(graph)
    let lossBefore = try heldOutLoss(of: graph)
    let indices = selectable
    // Graphs above the goal, and what was removed from them.
    var path: [(graph: Graph, removed: [Int: Set<Int>])] = []
    var records: [StepRecord] = []
    var importance: [Int: [Double]] = [:]
    var measure = before
    let reconstruction = try makeReconstruction()
    var step = 0
    while measure > goal.limit, step < options.steps {
      step += 1
      let target =
        step == options.steps
        ? goal.limit : before + (goal.limit - before) * Double(step) / Double(options.steps)
      guard measure > target else { continue }
      path.append((graph, removed))
      let groups = try DependencyGroups(graph)
      var scores = try options.importance.scores(of: groups, among: indices, on: data(step))
      for index in scores.keys {
        for unit in groups.deadUnits(of: index, refitted: reconstruction != nil) { scores[index]?[unit] = 0 }
      }
      if importance.isEmpty { importance = scores }
      let selection = try PruningStep(
        groups: groups, original: original, scores: scores, cost: cost, goal: goal, options: options
      ).choose(target: target, isLast: step == options.steps)
      let count = selection.reduce(0) { $0 + $1.value.count }
      guard count > 0 else { break }
      graph = try groups.removing(selection)
      record(selection)
      var fits: [Reconstruction.Fit] = []
      if let reconstruction {
        (graph, fits) = try reconstruction.refit(graph, kept: original.keptChannels(without: removed))
      }
      measure = try goal.measure(graph)
      if let train = options.train, measure > goal.limit {
        graph = try train(graph, original.keptChannels(without: removed), step)
      }
      records.append(StepRecord(step: step, measure: measure, removed: count, fits: fits))
      try progress(records[records.count - 1])
    }
    var lossAfter = try heldOutLoss(of: graph)
    var (decisions, unfactored): ([LowRank.Decision], Graph?) = ([], nil)
    if let lowRank = options.lowRank {
      let isReached = measure <= goal.limit
      if !isReached { path.append((graph, removed)) }
      let search = try lowRankSearch(lowRank, reconstruction, removed: path.map(\.removed))
      let result = try search.run(path: path.map(\.graph), plain: isReached ? lossAfter : nil)
      decisions = result.decisions
      if let found = result.found {
        (graph, removed) = (found.graph, path[found.index].removed)
        (unfactored, lossAfter, measure) = (path[found.index].graph, found.loss, try goal.measure(graph))
      }
    }
    return Result(
      graph: graph, unreconstructed: try original.removing(removed),
      groups: indices.map { index in
        let group = original.groups[index]
        let scores = importance[index] ?? []
        return GroupRecord(
          name: group.name, before: group.count, after: group.count - (removed[index]?.count ?? 0),
          importance: scores.reduce(0, +) / Double(max(scores.count, 1)))
      }, kept: original.keptChannels(without: removed), steps: records, before: before, after: measure,
      lossBefore: lossBefore, lossAfter: lossAfter, lowRank: decisions, unfactored: unfactored,
      reached: measure <= goal.limit)
  }

  private func lowRankSearch(
    _ options: LowRank.Options, _ reconstruction: Reconstruction?, removed: [[Int: Set<Int>]]
  ) throws -> LowRankSearch {
    var options = options
    options.threads = self.options.threads
    return LowRankSearch(
      goal: goal, samples: try training.prefix(self.options.lowRankSamples).map { try samples.sample($0) },
      options: options, loss: heldOutLoss,
      refit: { graph, index in
        try reconstruction?.refit(graph, kept: original.keptChannels(without: removed[index])).graph ?? graph
      })
  }

  private func heldOutLoss(of graph: Graph) throws -> Double {
    let chunked = try ChunkedGraph(graph, checkedOn: samples)
    let (samples, objective, heldOut) = (samples, objective, heldOut)
    return try chunked.map(heldOut.count, threads: options.threads) { graph, range in
      let chunk = Array(heldOut[range])
      let tape = try graph.forward(try samples.batch(chunk), keeping: false)
      return try objective.evaluate(tape, samples: chunk, factor: 1 / Double(heldOut.count)).loss
    }.reduce(0, +)
  }

  /// Groups whose units can be told apart by their consumers' inputs.
  private var selectable: [Int] {
    original.prunable.filter { index in original.groups[index].consumers.contains { $0.activation != nil } }
  }

  /// Other samples in every step, as far as there are enough.
  private func data(_ step: Int) -> ImportanceData {
    let training = training.isEmpty ? Array(0..<samples.originalCount) : training
    let count = min(options.importanceSamples, training.count)
    let start = (step - 1) * count
    let chosen = (0..<count).map { training[(start + $0) % max(training.count, 1)] }
    return ImportanceData(samples: samples, indices: chosen, objective: objective, threads: options.threads)
  }

  private func makeReconstruction() throws -> Reconstruction? {
    guard var options = options.reconstruction, !training.isEmpty else { return nil }
    options.threads = self.options.threads
    let limit = Reconstruction.sampleLimit(for: graph, bytes: self.options.reconstructionBytes)
    let chosen = training.prefix(min(limit, self.options.reconstructionSamples))
    return try Reconstruction(original: graph, samples: chosen.map { try samples.sample($0) }, options: options)
  }

  /// Translates units of the pruned graph into the original's.
  private mutating func record(_ selection: [Int: Set<Int>]) {
    for (index, units) in selection {
      let left = (0..<original.groups[index].count).filter { removed[index]?.contains($0) != true }
      removed[index, default: []].formUnion(units.map { left[$0] })
    }
  }
}
