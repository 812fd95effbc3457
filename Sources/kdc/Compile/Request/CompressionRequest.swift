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

  /// What pruning and recovery minimise.
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
