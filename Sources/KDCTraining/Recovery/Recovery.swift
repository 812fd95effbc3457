import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Trains a compressed network back towards the answers of the teacher and of the student before compression.
///
/// Needs no labels. A share of the samples is held out: after each epoch they say how good the network is, the best epoch
/// is kept, and the result is accepted only if it beats the network from before. The same inputs, options and seed give the
/// same bytes, whatever the threads and however often the run was interrupted.
package enum Recovery {
  /// - Parameters:
  ///   - graph: canonical (BatchNormalization folded), with batch 1; all its weights and biases are trained.
  ///   - targets: by sample of `samples`.
  ///   - original: the network before compression, whose hidden values are to be kept; nil: outputs alone count.
  ///   - checkpoint: where the state is kept, to resume from after an interruption.
  ///   - progress: called after every step and epoch; what it throws ends the run, which can be resumed.
  /// - Throws: a `DiagnosticList` of `notDifferentiable`; `outputNotWritable` for the checkpoint.
  package static func run(
    _ graph: Graph, samples: any SampleSource, targets: DistillationTargets, original: Original? = nil,
    options: Options = Options(), threads: Threads, checkpoint: Checkpoint? = nil,
    progress: (Progress) throws -> Void = { _ in }
  ) throws -> Result {
    guard samples.originalCount > 1 else { return .unchanged(graph, reason: "one sample is too few to train on") }
    guard targets.count >= samples.count else {
      throw InternalError("targets for \(targets.count) of \(samples.count) samples")
    }
    var trainer = try Trainer(
      graph, samples: samples, optimizer: options.optimizer.make(),
      clipping: options.clipping, chunkSize: options.chunkSize, threads: threads)
    guard trainer.parameters.count > 0 else { return .unchanged(graph, reason: "the graph has no weights") }
    let plain = DistillationLoss(targets, options: options.loss)
    let hints = try original.map { try HiddenTargets($0, samples: samples) }
    let order = SampleOrder(
      originals: samples.originalCount, views: samples.viewCount, heldOutShare: options.heldOutShare,
      seed: options.seed)
    let batchSize = options.batchSize
    let stepsPerEpoch = order.batches(0, size: batchSize).count
    let totalSteps = stepsPerEpoch * options.epochs

    let key = RunKey(graph, targets: targets, samples: samples, options: options)
    var (state, warnings) = try RecoveryState.resumed(from: checkpoint, key: key, fitting: trainer.parameters)
    if state.before == nil {
      state.start(trainer.parameters, heldOut: try trainer.loss(of: order.heldOut, objective: plain.soft))
    }
    trainer.restore(&state)

    while state.epoch < options.epochs && state.stopReason == nil {
      let batches = order.batches(state.epoch, size: batchSize)
      while state.step < batches.count {
        let step = state.epoch * stepsPerEpoch + state.step
        let factor = options.schedule.factor(at: step, of: totalSteps)
        let rate = options.learningRate * factor
        // Hidden values show the way at first; in the end the outputs are what counts.
        let objective = FeatureMatching(plain, hints, weight: options.featureWeight * factor)
        guard let loss = try trainer.step(batches[state.step], objective: objective, rate: rate) else {
          state.stopReason = "the loss was no longer finite in epoch \(state.epoch + 1)"
          state.isDiverged = true
          break
        }
        state.lossSum += loss
        state.step += 1
        try checkpoint?.saveIfDue(state.with(trainer), key: key)
        try progress(state.progress(step: step + 1, of: totalSteps))
      }
      guard !state.isDiverged else { break }
      let heldOut = try trainer.loss(of: order.heldOut, objective: plain.soft)
      state.finishEpoch(
        trainer.parameters, heldOut: heldOut, batches: batches.count, patience: options.patienceInEpochs)
      try checkpoint?.save(state.with(trainer), key: key)
      try progress(state.progress(step: state.epoch * stepsPerEpoch, of: totalSteps))
    }

    if state.isDiverged {
      warnings.append(
        Diagnostic(
          .nonFiniteLoss, severity: .warning,
          "\(state.stopReason ?? ""); recovery stopped there and keeps the best epoch before",
          at: Place(file: graph.file), hint: "a lower learning rate helps; check the samples for extreme values"))
    }
    trainer.parameters.values = state.best
    return Result(graph, best: trainer.parameters, state, warnings)
  }
}

extension Recovery.Result {
  /// A run that trained nothing.
  fileprivate static func unchanged(_ graph: Graph, reason: String) -> Recovery.Result {
    Recovery.Result(
      graph: graph, history: [], before: 0, after: 0, accepted: false, reason: reason, warnings: [])
  }

  fileprivate init(_ graph: Graph, best: Parameters, _ state: RecoveryState, _ warnings: [Diagnostic]) {
    let before = state.before ?? 0
    accepted = state.bestHeldOut < before || (!before.isFinite && state.bestHeldOut.isFinite)
    self.graph = accepted ? graph.replacing(best) : graph
    history = state.history
    self.before = before
    after = state.bestHeldOut
    let end = state.stopReason.map { "; \($0)" } ?? ""
    reason =
      accepted
      ? "held-out distance \(rounded(before)) → \(rounded(after))\(end)"
      : "no epoch was better than held-out distance \(rounded(before))\(end)"
    self.warnings = warnings
  }
}

/// Four significant digits.
private func rounded(_ value: Double) -> String {
  guard value.isFinite, value != 0 else { return "\(value)" }
  var factor = 1.0
  while abs(value) * factor < 1000 && factor < 1e12 { factor *= 10 }
  return "\((value * factor).rounded() / factor)"
}
