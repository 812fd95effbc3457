/// One model that a search for a budget came by, with what it costs and how good it is.
struct BudgetPoint: Sendable, Codable, Equatable {
  /// Share of the student's multiply-accumulates that were removed.
  var removed: Double
  var weights: String
  /// Bytes of the bundle without its machine code.
  var size: Int
  /// One inference on one core of the slowest target.
  var milliseconds: Double
  /// Bytes of the arena.
  var memory: Int
  /// On held-out training samples: mean KL (T = 1) from the teacher, and the share of right answers. nil: not measured.
  var divergence: Double?
  var accuracy: Double?

  init(_ estimate: ModelEstimate, removed: Double, weights: String) {
    self.removed = removed
    self.weights = weights
    size = estimate.size
    milliseconds = estimate.slowest
    memory = estimate.memory
  }

  /// Each limit of a budget with what the point has, where that was measured.
  private func values(_ budget: Budget) -> [(limit: BudgetLimit, bound: Double, value: Double)] {
    BudgetLimit.all.compactMap { limit in
      guard let bound = budget[keyPath: limit.bound], let value = limit.value(self) else { return nil }
      return (limit, bound, value)
    }
  }

  func limits(_ budget: Budget) -> [Report.Limit] {
    values(budget).map { Report.Limit(option: "--" + $0.limit.option, limit: $0.bound, value: $0.value) }
  }

  /// The limited figures in one line.
  func summary(_ budget: Budget) -> String {
    values(budget).map { limit, bound, value in
      let kind = limit.unit == .leastShare ? "of at least" : "of"
      return "\(limit.title) \(limit.unit.text(value)) \(kind) \(limit.unit.text(bound))"
    }.joined(separator: ", ")
  }

  /// How far the point is over the budget: the largest value divided by its limit. At most 1 keeps every limit.
  func excess(_ budget: Budget) -> Double { max(costExcess(budget), qualityExcess(budget)) }

  /// `excess` of what only running the model can tell; for accuracy of the wrong answers. 0 where it was not measured.
  func qualityExcess(_ budget: Budget) -> Double { excess(budget) { $0.cost == nil } }

  /// `excess` of what can be estimated without running the model.
  func costExcess(_ budget: Budget) -> Double { excess(budget) { $0.cost != nil } }

  private func excess(_ budget: Budget, of isMeant: (BudgetLimit) -> Bool) -> Double {
    values(budget).filter { isMeant($0.limit) }.map { $0.limit.excess($0.value, of: $0.bound) }.max() ?? 0
  }

  /// Whether the point has a value for every limit.
  func isMeasured(for budget: Budget) -> Bool {
    BudgetLimit.all.allSatisfy { budget[keyPath: $0.bound] == nil || $0.value(self) != nil }
  }

  /// Whether `other` is at least as good in every respect and better in one.
  func isBeaten(by other: BudgetPoint) -> Bool {
    // The excess over any one limit orders values from best to worst.
    func badness(_ point: BudgetPoint) -> [Double] {
      BudgetLimit.all.map { limit in limit.value(point).map { limit.excess($0, of: 0.5) } ?? .infinity }
    }
    let (own, others) = (badness(self), badness(other))
    return zip(others, own).allSatisfy { $0 <= $1 } && others != own
  }

  /// The points that no other beats, smallest first.
  static func pareto(_ points: [BudgetPoint]) -> [BudgetPoint] {
    var result: [BudgetPoint] = []
    for point in points where !points.contains(where: { point.isBeaten(by: $0) }) && !result.contains(point) {
      result.append(point)
    }
    return result.sorted { ($0.size, $0.milliseconds) < ($1.size, $1.milliseconds) }
  }
}
