extension Pipeline {
  /// Finds what keeps the limits asked for: how many channels go, and with which weights. Costs are estimated, so that a
  /// search takes seconds; only models that could be the answer are recovered and measured, on held-out training samples.
  static func meetBudget(_ compiler: Compiler, _ log: inout StageLog) throws -> BudgetChoice {
    guard !compiler.request.budget.isEmpty else { return BudgetChoice(aim: compiler.aim, name: "asked") }
    var search = BudgetSearch(compiler)
    let choice = try search.run()
    log.decide("budget", "search", choice.reason)
    log.did(choice.reason)
    return choice
  }
}
