import Foundation
import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTraining

extension Stage {
  /// Trains what pruning left towards the answers of teacher and student; kept only where held-out samples say so.
  static let recover = Stage("recover") { compilation, progress in
    guard compilation.request.compression.recoveryEpochs > 0, compilation.guidance != nil else { return nil }
    // A budget that needs no pruning needs no recovery.
    guard compilation.pruningAim != nil || compilation.request.budget.isEmpty else { return nil }
    let name = compilation.modelName
    let result =
      try compilation.finished[name]?.recovery
      ?? compilation.recovered(
        compilation.compressed, kept: compilation.keptChannels,
        epochs: compilation.request.compression.recoveryEpochs - compilation.epochsWhilePruning, checkpoint: name,
        progress: progress)
    compilation.compressed = result.graph
    compilation.decide("recover", "recovery", accepted: result.accepted, result.reason)
    try compilation.addRung("recovered", result.graph, accepted: result.accepted, progress: progress)
    let epochs = "\(result.history.count) epochs, \(result.reason)"
    return result.accepted ? epochs : "not kept: \(result.reason)"
  }
}

extension Compilation {
  /// The graph after recovery, its state kept in the work folder under the name `checkpoint`.
  ///
  /// - Parameter kept: the student's channels that are left in it, by the output of its layers.
  func recovered(
    _ graph: Graph, kept: [String: [Int]], epochs: Int, checkpoint: String, progress: Progress
  ) throws -> Recovery.Result {
    guard let samples = trainingViews, let guidance else { throw InternalError("recovery has no answers to train on") }
    var options = recoveryOptions
    options.epochs = epochs
    let begin = Date()
    var shown = 0
    let result = try Recovery.run(
      graph, samples: samples, targets: guidance,
      original: Recovery.Original(graph: student, kept: kept), options: options, threads: request.threads,
      checkpoint: workFolder.map { folder in
        Checkpoint(path: folder.file(checkpoint + ".checkpoint")) { Date().timeIntervalSinceReferenceDate }
      }
    ) { state in
      progress.update("recover: step", done: state.step, of: state.totalSteps, since: begin)
      guard state.finishedEpochs > shown, let epoch = state.lastEpoch else { return }
      shown = state.finishedEpochs
      progress.detail("epoch \(shown): loss \(epoch.trainingLoss), held-out distance \(epoch.heldOut)")
    }
    Console.warn(result.warnings)
    return result
  }

  /// Epochs that are spent after a step of pruning: an eighth of all, where there are so many. Channels that are
  /// missed less are told better in a network that has recovered, but a short epoch does not get it there.
  var epochsBetweenSteps: Int {
    let samples = fittedIndices.count
    let epochs = request.compression.recoveryEpochs / 8
    return samples / recoveryOptions.batchSize >= 200 ? epochs : 0
  }

  var recoveryOptions: Recovery.Options {
    var options = Recovery.Options()
    options.epochs = request.compression.recoveryEpochs
    options.seed = request.seed
    if let rate = request.compression.learningRate { options.learningRate = rate }
    if let batch = request.compression.batch { options.batchSize = batch }
    if let weight = request.compression.featureWeight { options.featureWeight = weight }
    options.loss = request.compression.loss
    return options
  }

  mutating func decide(_ stage: String, _ subject: String, accepted: Bool, _ reason: String) {
    report.decisions.append(Report.Decision(stage: stage, subject: subject, accepted: accepted, reason: reason))
  }
}
