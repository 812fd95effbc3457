import KDCDiagnostics
import KDCGraph

extension Recovery {
  /// How a damaged network is trained back. The defaults suit networks that lost up to two thirds of their work.
  package struct Options: Sendable {
    package var epochs = 10
    /// Samples of a step.
    package var batchSize = 64
    /// Largest rate of `schedule`.
    package var learningRate = 0.02
    package var optimizer = OptimizerChoice.relativeAdam
    package var schedule = Schedule.cosine()
    package var loss = DistillationLoss.Options()
    /// The longest gradient of a step.
    package var clipping: Double? = 5
    /// Share of the samples that are not trained on but judge every epoch.
    package var heldOutShare = 0.12
    /// Training ends after this many epochs without a better one. While the rate is high an epoch can be worse than the
    /// start, and the last ones still be the best: by default three quarters of the epochs, and at least 5.
    package var patience: Int?
    package var seed: UInt64 = 0
    /// Samples of a chunk: the piece of a batch that one thread works on.
    package var chunkSize = 16
    /// What the forward run sees of the weights, as for training with int4 weights.
    package var transform: (any WeightTransform)?
    package init() {}

    var patienceInEpochs: Int { patience ?? max(5, epochs * 3 / 4) }

    /// All that the result depends on, as text.
    var summary: String {
      "\(epochs) \(batchSize) \(learningRate) \(optimizer) \(schedule) \(loss.summary) \(clipping.map { "\($0)" } ?? "-") "
        + "\(heldOutShare) \(patienceInEpochs) \(seed) \(chunkSize) \(transform.map { "\($0.summary)" } ?? "-")"
    }
  }

  /// One epoch of the history.
  package struct Epoch: Sendable, Hashable, Codable {
    /// Mean loss over the training samples while they were trained on.
    package var trainingLoss: Double
    /// Mean distance from the mixed target over the held-out samples, after the epoch.
    package var heldOut: Double
  }

  /// What `progress` is told after every step; `epoch` holds the last one that ended.
  package struct Progress: Sendable {
    package var step: Int
    package var totalSteps: Int
    package var finishedEpochs: Int
    package var lastEpoch: Epoch?
  }

  package struct Result: Sendable {
    /// With the best parameters; the graph as given where `accepted` is false.
    package var graph: Graph
    package var history: [Epoch]
    /// Held-out distance before training and of the best epoch.
    package var before: Double
    package var after: Double
    /// Whether the best epoch is better than no training.
    package var accepted: Bool
    /// In words: why it ended, and why it was accepted or not.
    package var reason: String
    /// `nonFiniteLoss`, `unusableCheckpoint`.
    package var warnings: [Diagnostic]
  }
}
