import ArgumentParser
import KDCTraining

/// How `kdc compile` makes the student smaller before it is quantised.
struct CompressionOptions: ParsableArguments {
  @Option(help: "Samples for pruning and recovery; labels are not needed. Default: the --data samples.")
  var train: String?

  @Option(name: .customLong("train-samples"), help: "Use only the first N samples of --train.")
  var trainSamples: Int?

  @Option(
    help: ArgumentHelp("Share of the multiply-accumulates to remove, from 0 to below 1.", valueName: "share"),
    transform: Quantity.cut)
  var prune: Double?

  @Option(
    name: .customLong("prune-width"),
    help: ArgumentHelp("Share of the hidden channels to remove, from 0 to below 1.", valueName: "share"),
    transform: Quantity.cut)
  var pruneWidth: Double?

  @Option(
    help: ArgumentHelp("Epochs of recovery training. Default: 10 when pruning, otherwise 0.", valueName: "epochs"))
  var recover: Int?

  @Flag(name: .customLong("no-recover"), help: "Do not train after pruning.")
  var noRecover = false

  @Option(help: "How channels are rated: fisher, taylor or magnitude.")
  var importance: CompressionRequest.Importance = .fisher

  @Flag(name: .customLong("no-reconstruct"), help: "Do not refit the layers that follow pruned channels.")
  var noReconstruct = false

  @Flag(
    name: .customLong("low-rank"),
    help:
      "Also try to factor layers into two thinner ones; kept where that beats pruning alone on held-out samples.")
  var lowRank = false

  @Option(
    name: .customLong("learning-rate"),
    help: "Peak step size of recovery (Muon, cosine), as a share of a layer's typical weight. Default: 0.02.",
    transform: Quantity.positive)
  var learningRate: Double?

  @Option(help: "Samples in each step of recovery. Default: 32.") var batch: Int?

  @Option(
    help: ArgumentHelp(
      "Augment the training images, four views of each in turn with the originals: shift=2,flip,rotate=10,noise=0.02.",
      valueName: "changes"),
    transform: Augmentation.init(parsing:))
  var augment: Augmentation?

  @Option(
    name: .customLong("teacher-share"),
    help: "Weight of the teacher in the target of recovery, 0…1; the unpruned student has 1 minus that. Default: 0.5.",
    transform: Quantity.share)
  var teacherShare: Double = 0.5

  @Option(
    name: .customLong("feature-weight"),
    help:
      "Weight of the unpruned student's hidden values in the recovery loss; 0 for outputs alone. Default: 30.",
    transform: Quantity.nonNegative)
  var featureWeight: Double?

  @Flag(help: "Mix the labels of the training samples into the recovery loss.")
  var labels = false

  @Option(help: "Weight of the labels in the loss, 0…1. Default: 0.3.", transform: Quantity.share)
  var alpha: Double?

  @Option(help: "Temperature of the distillation loss. Default: 2.", transform: Quantity.positive)
  var temperature: Double = 2

  @Option(
    name: .customLong("work-dir"),
    help: ArgumentHelp("Keep intermediate results here; an interrupted compile resumes from them.", valueName: "folder")
  )
  var workFolder: String?

  func validate() throws {
    if prune != nil && pruneWidth != nil { throw ValidationError("--prune and --prune-width exclude each other") }
    if noRecover && recover != nil { throw ValidationError("--recover and --no-recover exclude each other") }
    if let recover, !(0...10_000).contains(recover) { throw ValidationError("--recover must be 0 to 10000 epochs") }
    if let trainSamples, trainSamples < 1 { throw ValidationError("--train-samples must be at least 1") }
    if let batch, !(1...65536).contains(batch) { throw ValidationError("--batch must be 1 to 65536") }
    if alpha != nil && !labels { throw ValidationError("--alpha weighs labels: it needs --labels") }
  }

  /// What is asked for, defaults filled in. `hasBudget`: a budget may have to be met by pruning.
  func request(hasBudget: Bool) -> CompressionRequest {
    let cut: CompressionRequest.Cut? = prune.map { .macs($0) } ?? pruneWidth.map { .width($0) }
    let epochs = noRecover ? 0 : recover ?? (cut != nil || hasBudget ? 10 : 0)
    return CompressionRequest(
      cut: cut, importance: importance, reconstructs: !noReconstruct, recoveryEpochs: epochs,
      labelWeight: labels ? alpha ?? 0.3 : 0, temperature: temperature, learningRate: learningRate, batch: batch,
      augmentation: augment, featureWeight: featureWeight,
      teacherShare: teacherShare, triesLowRank: lowRank)
  }
}

extension CompressionRequest.Importance: ExpressibleByArgument {}
