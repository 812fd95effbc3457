import KDCDiagnostics
import KDCGraph
import KDCTensor

extension Distillation {
  /// How students are trained.
  package struct Options: Sendable {
    package var epochs = 10
    /// Samples of a step.
    package var batchSize = 64
    /// Largest rate of `schedule`.
    package var learningRate = 2e-3
    package var optimizer = OptimizerChoice.adamW(decay: 0.01)
    package var schedule = Schedule.cosine(warmUp: 0.05)
    /// The longest gradient of a step; nil for no bound.
    package var clipping: Double? = 5
    package var loss: DistillationLoss.Options = {
      var loss = DistillationLoss.Options()
      loss.temperature = 4
      loss.teacherShare = 1
      loss.hardWeight = 0.7
      loss.regression = .smoothL1
      return loss
    }()
    /// The temperature of the last step, reached linearly; nil: it stays. Jafari et al., "Annealing Knowledge
    /// Distillation", 2021.
    package var lastTemperature: Double?
    /// Losses between layers; of the first teacher.
    package var transfers: [FeatureTransfer] = []
    package var augmentation = Augmentation()
    /// Share of the samples that are not trained on but judge every epoch, at most `mostHeldOut` of them.
    package var heldOutShare = 0.1
    package var mostHeldOut = 1000
    /// Training ends once no head's held-out score is further than this below the teacher's; nil: never.
    package var stopGap: Double?
    package var seed: UInt64 = 0
    /// Most samples of a chunk: the piece of a batch that one thread works on, and that is normalised together.
    package var chunkSize = 32
    /// The run resumes from a checkpoint even if its options were different.
    package var continuesAnyRun = false
    package init() {}

    /// The loss at a step, with its temperature.
    func loss(at step: Int, of total: Int) -> DistillationLoss.Options {
      guard let last = lastTemperature, total > 1 else { return loss }
      var result = loss
      result.temperature += (last - loss.temperature) * min(1, Double(step) / Double(total - 1))
      return result
    }

    /// The rate of the last step of an epoch.
    func rate(ofEpoch epoch: Int, steps: Int) -> Double {
      learningRate * schedule.factor(at: max(0, (epoch + 1) * steps - 1), of: steps * epochs)
    }

    /// All that the result depends on, as text.
    var summary: String {
      let parts: [String] = [
        "\(epochs) \(batchSize) \(learningRate) \(optimizer) \(schedule) \(clipping.map { "\($0)" } ?? "-")",
        loss.summary, lastTemperature.map { "\($0)" } ?? "-", "\(augmentation)",
        transfers.map(\.summary).joined(separator: " "),
        "\(heldOutShare) \(mostHeldOut) \(stopGap.map { "\($0)" } ?? "-") \(seed) \(chunkSize)",
      ]
      return parts.joined(separator: "\n")
    }
  }

  /// One head on the held-out samples.
  package struct Quality: Sendable, Hashable, Codable {
    package var output: String
    /// "accuracy", "IoU" or "MAE".
    package var metric: String
    /// Against the labels; nil without.
    package var score: Double?
    /// The teacher's.
    package var teacher: Double?
    /// Share of answers like the teacher's (IoU with it for boxes).
    package var agreement: Double?

    /// How far the student is behind its teacher; for errors (MAE) how much larger its own is.
    package var gap: Double? {
      guard let score, let teacher else { return nil }
      return metric == "MAE" ? score - teacher : teacher - score
    }
  }

  /// One epoch of the history; lists are by student.
  package struct Epoch: Sendable, Hashable, Codable {
    /// Mean loss over the training samples while they were trained on.
    package var losses: [Double]
    package var rate: Double
    package var temperature: Double
    package var heads: [[Quality]]
  }

  package typealias Progress = TrainingProgress<Epoch>

  package struct Result: Sendable {
    /// Trained weights and statistics by initializer, student by student.
    package var students: [[String: Tensor]]
    package var history: [Epoch]
    /// Whether the loss was no longer finite: the students are those of the last good step.
    package var isDiverged: Bool
    package var stopReason: String?
    /// `unusableCheckpoint`.
    package var warnings: [Diagnostic]
  }
}
