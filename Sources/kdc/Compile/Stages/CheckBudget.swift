import KDCBundle

extension Pipeline {
  /// Holds the compiled model itself against the limits asked for: nothing is written that breaks one.
  static func checkBudget(
    _ compiler: Compiler, _ compressed: Compressed, _ lowered: Lowered, _ built: Built, _ log: inout StageLog
  ) throws {
    let request = compiler.request
    let budget = request.budget
    guard !budget.isEmpty else { return }
    var point = BudgetPoint(
      try ModelEstimate(lowered, countsSize: false), removed: compiler.removed(from: compressed.graph),
      weights: request.activations.rawValue)
    point.size = try built.bundles.map { try Bundle($0.bytes, path: "").dataBytes }.max() ?? 0
    if budget.hasQuality { (point.divergence, point.accuracy) = try compiler.quality(of: lowered.program) }
    log.report.budget = point.limits(budget)
    guard point.excess(budget) <= 1 else {
      throw BudgetFailure(model: compiler.inputs.student.name, budget: budget, points: [point])
    }
    log.decide("check budget", "budget", point.summary(budget))
    log.did(point.summary(budget))
  }
}
