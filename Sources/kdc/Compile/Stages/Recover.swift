import KDCTraining

extension Pipeline {
  /// Trains what pruning left towards the answers of teacher and student; kept only where held-out samples say so.
  static func recover(
    _ compiler: Compiler, _ choice: BudgetChoice, _ pruned: Compressed, _ baseline: Baseline, _ log: inout StageLog
  ) throws -> Compressed {
    let request = compiler.request
    guard request.compression.recoveryEpochs > 0, compiler.guidance != nil else { return pruned }
    // A budget that needs no pruning needs no recovery.
    guard choice.aim != nil || request.budget.isEmpty else { return pruned }
    let result =
      try choice.finished.recovery
      ?? compiler.recover(
        pruned.graph, kept: pruned.kept, epochs: request.compression.recoveryEpochs - pruned.epochs,
        checkpoint: choice.name)
    var compressed = pruned
    compressed.graph = result.graph
    log.decide("recover", "recovery", accepted: result.accepted, result.reason)
    compressed.outputs = try compiler.measure(
      "recovered", result.graph, accepted: result.accepted, against: baseline, &log)
    log.did(
      result.accepted ? "\(result.history.count) epochs, \(result.reason)" : "not kept: \(result.reason)")
    return compressed
  }
}
