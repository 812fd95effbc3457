import KDCCompression

extension Stage {
  /// Finds what keeps the limits asked for: how many channels go, and with which weights. Costs are estimated, so that a
  /// search takes seconds; only models that could be the answer are recovered and measured, on samples held out of
  /// training. What was found is taken up by the stages after this one.
  static let meetBudget = Stage("budget") { compilation, progress in
    guard !compilation.request.budget.isEmpty else { return nil }
    var search = BudgetSearch(compilation, progress)
    let choice = try search.run()
    compilation.finished = search.finished
    compilation.foundAim = choice.aim
    compilation.modelName = choice.name
    compilation.decide("budget", "search", accepted: true, choice.reason)
    return choice.reason
  }
}
