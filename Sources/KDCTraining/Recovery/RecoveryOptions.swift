import KDCDiagnostics
import KDCGraph

extension Recovery {
  /// How a damaged network is trained back. The defaults suit networks that lost up to two thirds of their work.
  package struct Options: Sendable {
    package var epochs = 10
    /// Samples of a step.
    package var batchSize = 32
    /// Largest rate of `schedule`.
    package var learningRate = 0.02
    package var optimizer = OptimizerChoice.muon
    package var schedule = Schedule.cosine()
    package var loss = DistillationLoss.Options()
    /// Weight of the distance of hidden values from the original's at first, which falls with the rate; 0: outputs alone
    /// count.
    package var featureWeight = 30.0
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
    package init() {}

    var patienceInEpochs: Int { patience ?? max(5, epochs * 3 / 4) }

    /// All that the result depends on, as text.
    var summary: String {
      "\(epochs) \(batchSize) \(learningRate) \(optimizer) \(schedule) \(loss.summary) \(featureWeight) \(clipping.map { "\($0)" } ?? "-") "
        + "\(heldOutShare) \(patienceInEpochs) \(seed) \(chunkSize)"
    }
  }

  /// The network that a compressed one was made from.
  package struct Original: Sendable {
    package var graph: Graph
    /// Its channels that are left, by the name of a layer's output; all where there is no entry.
    package var kept: [String: [Int]]

    package init(graph: Graph, kept: [String: [Int]]) {
      self.graph = graph
      self.kept = kept
    }
  }

  /// One epoch of the history.
  package struct Epoch: Sendable, Hashable, Codable {
    /// Mean loss over the training samples while they were trained on.
    package var trainingLoss: Double
    /// Mean distance from the mixed target over the held-out samples, after the epoch.
    package var heldOut: Double
  }

  package typealias Progress = TrainingProgress<Epoch>

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
