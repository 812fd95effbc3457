import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTraining

extension Compiler {
  /// The graph after recovery, its state kept in the work folder under the name `checkpoint`.
  ///
  /// - Parameter kept: the student's channels that are left in it, by the output of its layers.
  func recover(_ graph: Graph, kept: [String: [Int]], epochs: Int, checkpoint: String) throws -> Recovery.Result {
    guard let training = inputs.training, let guidance else {
      throw InternalError("recovery has no answers to train on")
    }
    var options = recoveryOptions
    options.epochs = epochs
    let begin = Date()
    var shown = 0
    let result = try Recovery.run(
      graph, samples: training.views, targets: guidance,
      original: Recovery.Original(graph: inputs.student, kept: kept), options: options, threads: request.threads,
      checkpoint: inputs.workFolder.map { folder in
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

  /// Epochs that are spent after a step of pruning: an eighth of all, where there are so many. A network
  /// that has recovered shows better which channels it can spare, but short epochs do not get it there.
  var epochsBetweenSteps: Int {
    let samples = inputs.training?.fitted.count ?? 0
    return samples / recoveryOptions.batchSize >= 200 ? request.compression.recoveryEpochs / 8 : 0
  }

  private var recoveryOptions: Recovery.Options {
    var options = Recovery.Options()
    options.epochs = request.compression.recoveryEpochs
    options.seed = request.seed
    if let rate = request.compression.learningRate { options.learningRate = rate }
    if let batch = request.compression.batch { options.batchSize = batch }
    if let weight = request.compression.featureWeight { options.featureWeight = weight }
    options.loss = request.compression.loss
    return options
  }
}
