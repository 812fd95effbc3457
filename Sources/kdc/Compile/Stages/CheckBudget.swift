import KDCBundle
import KDCDiagnostics
import KDCTensor

extension Stage {
  /// Holds the compiled model itself against the limits asked for: nothing is written that breaks one.
  static let checkBudget = Stage("check budget") { compilation, progress in
    let budget = compilation.request.budget
    guard !budget.isEmpty else { return nil }
    var point = BudgetPoint(
      try ModelEstimate(
        compilation.program, targets: compilation.request.targets, countsSize: false, mostMemory: budget.memory),
      removed: 1 - Double(compilation.compressed.macs) / Double(max(compilation.student.macs, 1)),
      weights: compilation.request.activations.rawValue)
    point.size = try compilation.bundles.map { try Bundle($0.bytes, path: "").bytesWithoutCode }.max() ?? 0
    point.memory = compilation.plans.map(\.arenaBytes).max() ?? point.memory
    if budget.hasQuality {
      (point.divergence, point.accuracy) = try compilation.quality(of: compilation.program, progress: progress)
    }
    compilation.report.budget = point.limits(budget)
    guard point.excess(budget) <= 1 else {
      throw BudgetFailure(model: compilation.report.model, budget: budget, points: [point])
    }
    compilation.decide("check budget", "budget", accepted: true, point.summary(budget))
    return point.summary(budget)
  }
}

extension Bundle {
  /// Everything but machine code: weights, program, manifest, the file's own tables.
  var bytesWithoutCode: Int { byteCount - manifest.codeBytes }
}
