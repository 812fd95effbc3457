import KDCGraph
import KDCTensor

/// Whether factored layers are a better way to a goal than the channels pruned last.
///
/// Pruning leaves a path of graphs, each smaller than the one before. From the last graph that is still above the goal,
/// and then from earlier ones, each layer in turn is factored with the largest rank that meets the goal; the best of them
/// is refitted, and kept if its held-out loss is below that of the best way so far, which costs the same. Layers kept so
/// are factored in the graphs before, too, and others may join them.
struct LowRankSearch {
  let goal: Pruner.Goal
  /// For the outputs' variances.
  let samples: [[String: Tensor]]
  let options: LowRank.Options
  /// Mean distillation loss of the held-out samples.
  let loss: (Graph) throws -> Double
  /// Refits what was made of the path's graph of this index.
  let refit: (Graph, Int) throws -> Graph

  struct Found {
    var graph: Graph
    /// Index of the path's graph that was factored.
    var index: Int
    var loss: Double
  }

  /// So many graphs in a row without a gain end the search.
  private static let patience = 2

  /// - Parameters:
  ///   - path: graphs above the goal, largest first.
  ///   - plain: held-out loss of pruning alone; nil where that does not reach the goal.
  /// - Returns: the best graph with factored layers, nil where pruning alone is better; and what became of each layer.
  func run(path: [Graph], plain: Double?) throws -> (found: Found?, decisions: [LowRank.Decision]) {
    var best: Found?
    var accepted: [LowRank.Decision] = []
    var attempts: [LowRank.Decision] = []
    // Ranks as shares of the layers' outputs: widths differ along the path.
    var shares: [String: Double] = [:]
    var failures = 0
    for index in path.indices.reversed() where failures < Self.patience {
      let lowRank = try LowRank(path[index], samples: samples, options: options)
      let known = lowRank.layers.indices.reduce(into: [Int: Int]()) { ranks, position in
        let layer = lowRank.layers[position]
        shares[layer.name].map { ranks[position] = max(1, Int(($0 * Double(layer.outputs)).rounded())) }
      }
      let lossBefore = best?.loss ?? plain
      var nearest: (ranks: [Int: Int], decision: LowRank.Decision)?
      for position in lowRank.layers.indices {
        guard let ranks = try ranks(position, with: known, of: lowRank), let rank = ranks[position] else { continue }
        let layer = lowRank.layers[position]
        let decision = LowRank.Decision(
          layer: layer.name, outputs: layer.outputs, rank: rank, lost: layer.lost(rank: rank),
          loss: try loss(try lowRank.factored(ranks)), lossBefore: lossBefore, accepted: false)
        attempts.append(decision)
        if decision.loss < nearest?.decision.loss ?? .infinity { nearest = (ranks, decision) }
      }
      failures += 1
      guard let (ranks, attempt) = nearest else { continue }
      var decision = attempt
      var graph = try lowRank.factored(ranks)
      let refitted = try refit(graph, index)
      let found = try loss(refitted)
      if found < decision.loss { (graph, decision.loss) = (refitted, found) }
      guard decision.loss < lossBefore ?? .infinity else { continue }
      failures = 0
      decision.accepted = true
      accepted = accepted.filter { $0.layer != decision.layer } + [decision]
      best = Found(graph: graph, index: index, loss: decision.loss)
      for (position, rank) in ranks {
        shares[lowRank.layers[position].name] = Double(rank) / Double(lowRank.layers[position].outputs)
      }
    }
    return (best, accepted + refused(attempts, besides: accepted, best: best?.loss ?? plain))
  }

  /// The ranks of `known` with the largest one of another layer that meets the goal; nil where none does.
  private func ranks(_ position: Int, with known: [Int: Int], of lowRank: LowRank) throws -> [Int: Int]? {
    var ranks = known
    func meetsGoal(_ rank: Int) throws -> Bool {
      ranks[position] = rank
      return try goal.measure(try lowRank.factored(ranks)) <= goal.limit
    }
    guard try meetsGoal(1) else { return nil }
    var (low, high) = (1, lowRank.layers[position].outputs)
    while high - low > 1 {
      let middle = (low + high) / 2
      if try meetsGoal(middle) { low = middle } else { high = middle }
    }
    ranks[position] = low
    return ranks
  }

  /// The best attempt of each layer that was not kept, next to the best way to the same cost.
  private func refused(
    _ attempts: [LowRank.Decision], besides accepted: [LowRank.Decision], best: Double?
  ) -> [LowRank.Decision] {
    var result: [LowRank.Decision] = []
    for var attempt in attempts where !accepted.contains(where: { $0.layer == attempt.layer }) {
      attempt.lossBefore = best
      if let index = result.firstIndex(where: { $0.layer == attempt.layer }) {
        if attempt.loss < result[index].loss { result[index] = attempt }
      } else {
        result.append(attempt)
      }
    }
    return result
  }
}

extension LowRank {
  /// What became of one layer.
  package struct Decision: Sendable, Hashable, Codable {
    package var layer: String
    package var outputs: Int
    package var rank: Int
    /// Share of the outputs' variance that is left out.
    package var lost: Double
    /// Held-out loss with it, and of the best way without it to the same cost, where there is one.
    package var loss: Double
    package var lossBefore: Double?
    package var accepted: Bool
  }
}
