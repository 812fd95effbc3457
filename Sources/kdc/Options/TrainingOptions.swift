import ArgumentParser
import KDCDiagnostics
import KDCTraining

/// How `kdc train` and `kdc distill` train.
struct TrainingOptions: ParsableArguments {
  @Option(help: "Number of passes over the samples.") var epochs = 10

  @Option(help: "Samples in each step; above 32 rounded down to a multiple of 8.") var batch = 64

  @Option(help: "adamw, adam, or sgd (with momentum).") var optimizer = OptimizerName.adamw

  @Option(
    name: .customLong("learning-rate"), help: "Peak learning rate. Default: 0.002, or 0.1 for sgd.",
    transform: Quantity.positive)
  var learningRate: Double?

  @Option(help: "Momentum of sgd, 0…1. Default: 0.9.", transform: Quantity.share) var momentum = 0.9

  @Option(
    name: .customLong("weight-decay"), help: "Weight decay. Default: 0.01, or 0.0005 for sgd; adam has none.",
    transform: Quantity.nonNegative)
  var weightDecay: Double?

  @Option(help: "How the learning rate falls: cosine, step or constant.") var schedule = ScheduleName.cosine

  @Option(
    name: .customLong("warm-up"), help: "Share of the steps over which the learning rate rises. Default: 5%.",
    transform: Quantity.share)
  var warmUp = 0.05

  @Option(
    help: "For --schedule step: points of the run, as shares, where the rate falls tenfold. Default: 0.5,0.75.",
    transform: Quantity.list)
  var milestones: [Float] = [0.5, 0.75]

  @Option(help: "Largest norm of a step's gradient; 0 for no limit. Default: 5.", transform: Quantity.nonNegative)
  var clip = 5.0

  @Option(
    name: .customLong("head-weight"),
    help: "Weight of a head's loss, as emotion=2; may be repeated.", transform: Quantity.named)
  var headWeights: [Quantity.Named] = []

  @Option(
    help: ArgumentHelp(
      "Augment images: shift=2,flip,rotate=10,noise=0.02,cutout=8,mixup=0.4.", valueName: "changes"),
    transform: Augmentation.init(parsing:))
  var augment: Augmentation?

  @Option(
    help:
      "Augmented views of each sample, one in each epoch in turn. Default: 4 with a teacher, otherwise one per epoch.")
  var views: Int?

  @Option(
    name: .customLong("held-out"), help: "Share of the samples that is held out to judge each epoch. Default: 10%.",
    transform: Quantity.share)
  var heldOut = 0.1

  @Option(name: .customLong("train-samples"), help: "Use only the first N samples.") var trainSamples: Int?

  @Flag(help: "Start from fresh weights drawn with the seed (He initialisation).") var reinitialize = false

  @Option(
    help:
      "File for the state from which an interrupted run resumes. Default: next to the output, until the run is done.")
  var checkpoint: String?

  @Flag(
    name: .customLong("continue"),
    help: "Resume from the checkpoint even if options have changed, as after a loss that was not finite.")
  var continues = false

  @Option(
    help: ArgumentHelp("Also write the model after these epochs, as OUTPUT.e5.onnx: 1,5,25.", valueName: "epochs"),
    transform: Quantity.counts)
  var snapshots: [Int] = []

  @Option(help: "Write the history as JSON to this file; - prints it alone.") var json: String?

  @Option(help: "Samples to measure the result on; they decide nothing.") var eval: String?

  @Option(help: "Seed of everything random.") var seed: UInt64 = 0

  @OptionGroup var machine: ThreadOptions

  @Flag(help: "Print no progress.") var quiet = false

  enum OptimizerName: String, ExpressibleByArgument, CaseIterable { case adamw, adam, sgd }
  enum ScheduleName: String, ExpressibleByArgument, CaseIterable { case cosine, step, constant }

  func validate() throws {
    guard (0...100_000).contains(epochs) else { throw ValidationError("--epochs must be 0 to 100000") }
    guard (1...65536).contains(batch) else { throw ValidationError("--batch must be 1 to 65536") }
    guard heldOut < 1 else { throw ValidationError("--held-out must leave samples to train on") }
    guard momentum < 1 else { throw ValidationError("--momentum must be less than 1: steps would never end") }
    guard milestones.allSatisfy({ (0...1).contains($0) }) else {
      throw ValidationError("--milestones are shares of the run, from 0 to 1")
    }
    if let views, !(1...1000).contains(views) { throw ValidationError("--views must be 1 to 1000") }
    if views != nil && augment == nil { throw ValidationError("--views needs --augment: views would be alike") }
    if let last = snapshots.max(), last > epochs {
      throw ValidationError("--snapshots names epoch \(last), and --epochs are \(epochs)")
    }
    guard Set(headWeights.map(\.name)).count == headWeights.count else {
      throw ValidationError("--head-weight names a head twice")
    }
    if let trainSamples, trainSamples < 2 { throw ValidationError("--train-samples must be at least 2") }
    if optimizer == .adam && (weightDecay ?? 0) > 0 {
      throw ValidationError("--optimizer adam has no --weight-decay; adamw has")
    }
  }

  /// Curve, checkpoint and snapshots have their names from the output's, so that this has to have one.
  static func checkOutput(_ output: String) throws {
    guard !OutputPlace.isStandardOutput(output) else { throw ValidationError("-o needs a file's name here") }
  }

  /// What is asked for, defaults filled in; the loss is the command's.
  func options(hasTeacher: Bool) -> Distillation.Options {
    var options = Distillation.Options()
    options.epochs = epochs
    options.batchSize = batch
    switch optimizer {
    case .adamw: options.optimizer = .adamW(decay: weightDecay ?? 0.01)
    case .adam: options.optimizer = .adam
    case .sgd: options.optimizer = .momentum(momentum, decay: weightDecay ?? 5e-4)
    }
    options.learningRate = learningRate ?? (optimizer == .sgd ? 0.1 : 2e-3)
    switch schedule {
    case .cosine: options.schedule = .cosine(warmUp: warmUp)
    case .step: options.schedule = .step(milestones: milestones.map(Double.init), factor: 0.1)
    case .constant: options.schedule = .constant
    }
    options.clipping = clip > 0 ? clip : nil
    options.augmentation = augment ?? Augmentation()
    options.augmentation.seed = seed
    options.augmentation.views = augment == nil ? 1 : views ?? (hasTeacher ? 4 : max(1, epochs))
    options.heldOutShare = heldOut
    options.seed = seed
    options.continuesAnyRun = continues
    for weight in headWeights { options.loss.headWeights[weight.name] = weight.value }
    return options
  }
}

extension Augmentation {
  /// "shift=2,flip,rotate=10,noise=0.02,cutout=8,mixup=0.4".
  init(parsing text: String) throws {
    self.init()
    var seen: Set<String> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let number = pair.count == 2 ? Double(pair[1]).flatMap { $0.isFinite ? $0 : nil } : nil
      func value(_ range: ClosedRange<Double>) throws -> Double {
        guard let number, range.contains(number) else {
          throw ValidationError("--augment \(pair[0]) needs a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
      }
      func count(_ range: ClosedRange<Double>) throws -> Int {
        let number = try value(range)
        guard number == number.rounded() else { throw ValidationError("--augment \(pair[0]) needs a whole number") }
        return Int(number)
      }
      guard seen.insert(pair[0]).inserted else { throw ValidationError("--augment names \(pair[0]) twice") }
      switch pair[0] {
      case "shift": shift = try count(1...1000)
      case "flip":
        guard pair.count == 1 else { throw ValidationError("--augment flip takes no number") }
        flipsHorizontally = true
      case "rotate": rotation = try value(0...180)
      case "noise": noise = try value(0...1000)
      case "cutout": cutout = try count(1...1000)
      case "mixup": mixup = try value(0...1)
      default:
        throw ValidationError("--augment knows shift, flip, rotate, noise, cutout and mixup, not '\(pair[0])'")
      }
    }
  }
}
