import KDCTraining

/// How the student is to be made smaller, without defaults left open.
struct CompressionRequest: Sendable, Codable, Equatable {
  /// What is removed, as a share of what there is.
  enum Cut: Sendable, Codable, Equatable {
    /// Of the multiply-accumulates of one inference.
    case macs(Double)
    /// Of the channels that are neither inputs nor outputs of the model.
    case width(Double)
  }
  enum Importance: String, Sendable, Codable, CaseIterable { case fisher, taylor, magnitude }

  var cut: Cut?
  var importance = Importance.fisher
  var reconstructs = true
  var recoveryEpochs = 0
  /// 0: labels are not used.
  var labelWeight = 0.0
  var temperature = 2.0
  /// As a share of a layer's typical weight; nil: recovery's own.
  var learningRate: Double?
  /// Samples of a step of recovery; nil: recovery's own.
  var batch: Int?
  /// How training samples are changed in their further views; nil: there are no others.
  var augmentation: Augmentation?
  /// Weight of hidden values in recovery's loss; nil: recovery's own.
  var featureWeight: Double?
  /// The teacher's part of the mixed target, 0…1.
  var teacherShare = 0.5
  var triesLowRank = false

  /// What pruning and recovery make small.
  var loss: DistillationLoss.Options {
    var options = DistillationLoss.Options()
    options.temperature = temperature
    options.teacherShare = teacherShare
    options.hardWeight = labelWeight
    return options
  }

  /// Whether samples are needed to change the float model.
  var changesModel: Bool { cut != nil || recoveryEpochs > 0 }
}

/// Limits that the compiled model has to keep; nil is no limit.
struct Budget: Sendable, Codable, Equatable {
  /// Bytes of the bundle without its machine code.
  var size: Int?
  /// One inference on one core, by the cost model, on every target.
  var milliseconds: Double?
  /// Bytes of the arena that one inference works in.
  var memory: Int?
  /// Mean KL (T = 1) of the compiled model from the teacher over held-out training samples, over all class heads.
  var divergence: Double?
  /// Share of held-out labelled training samples that the compiled model gets right, for the first head with labels.
  var accuracy: Double?

  /// Multiplies every limit on a cost.
  mutating func scaleCosts(by factor: Double) {
    size = size.map { Int(Double($0) * factor) }
    milliseconds = milliseconds.map { $0 * factor }
    memory = memory.map { Int(Double($0) * factor) }
  }

  var isEmpty: Bool { self == Budget() }
  /// A limit on what can be estimated without running the model.
  var hasCost: Bool { size != nil || milliseconds != nil || memory != nil }
  /// A limit on what only running the model can tell.
  var hasQuality: Bool { divergence != nil || accuracy != nil }
}
