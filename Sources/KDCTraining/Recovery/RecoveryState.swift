import KDCDiagnostics
import KDCTensor

/// All that a recovery run changes: what a checkpoint holds.
struct RecoveryState: Sendable, Equatable {
  /// Finished epochs, and finished steps of the one after.
  var epoch = 0
  var step = 0
  /// Sum of the losses of those steps.
  var lossSum = 0.0
  var parameters: [[Float]] = []
  var optimizerSteps = 0
  var moments: [[[Float]]] = []
  /// Held-out distance before training; nil where the run has not begun.
  var before: Double?
  var best: [[Float]] = []
  var bestHeldOut = Double.infinity
  var epochsSinceBest = 0
  var history: [Recovery.Epoch] = []
  var stopReason: String?
  var isDiverged = false

  mutating func start(_ parameters: Parameters, heldOut: Double) {
    before = heldOut
    bestHeldOut = heldOut.isFinite ? heldOut : .infinity
    best = parameters.values
    self.parameters = parameters.values
  }

  mutating func finishEpoch(_ parameters: Parameters, heldOut: Double, batches: Int, patience: Int) {
    history.append(Recovery.Epoch(trainingLoss: lossSum / Double(max(batches, 1)), heldOut: heldOut))
    (epoch, step, lossSum) = (epoch + 1, 0, 0)
    guard heldOut.isFinite else {
      stopReason = "the held-out distance was no longer finite after epoch \(epoch)"
      isDiverged = true
      return
    }
    if heldOut < bestHeldOut {
      (bestHeldOut, best, epochsSinceBest) = (heldOut, parameters.values, 0)
    } else {
      epochsSinceBest += 1
      if epochsSinceBest >= patience { stopReason = "stopped after \(patience) epochs without a better one" }
    }
  }

  /// With the trainer's part of the state.
  func with(_ trainer: Trainer) -> RecoveryState {
    var state = self
    state.parameters = trainer.parameters.values
    state.optimizerSteps = trainer.optimizer.stepCount
    state.moments = trainer.optimizer.moments
    return state
  }

  func progress(step: Int, of total: Int) -> Recovery.Progress {
    Recovery.Progress(step: step, totalSteps: total, finishedEpochs: epoch, lastEpoch: history.last)
  }

  /// The state of an interrupted run with this key, or a new one. A checkpoint that cannot be used gives a warning.
  static func resumed(
    from checkpoint: Checkpoint?, key: RunKey, fitting parameters: Parameters
  ) throws -> (RecoveryState, [Diagnostic]) {
    guard let checkpoint else { return (RecoveryState(), []) }
    do throws(Diagnostic) {
      guard let state: RecoveryState = try checkpoint.load(key: key) else { return (RecoveryState(), []) }
      let counts = parameters.values.map(\.count)
      let arrays = [state.parameters, state.best] + state.moments
      guard arrays.allSatisfy({ $0.map(\.count) == counts }), state.epoch >= 0, state.step >= 0 else {
        throw checkpoint.fault("it belongs to another graph")
      }
      return (state, [])
    } catch {
      return (RecoveryState(), [error])
    }
  }
}

extension Trainer {
  /// Takes its part out of the state, so that it is held once.
  mutating func restore(_ state: inout RecoveryState) {
    parameters.values = state.parameters
    optimizer.stepCount = state.optimizerSteps
    optimizer.moments = state.moments
    (state.parameters, state.moments) = ([], [])
  }
}
