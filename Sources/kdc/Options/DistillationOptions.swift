import ArgumentParser
import KDCTraining

/// What `kdc distill` makes small.
struct DistillationOptions: ParsableArguments {
  @Option(help: "α, the weight of the labels in the loss, 0…1; the teacher has the rest.", transform: Quantity.share)
  var alpha = 0.7

  @Flag(name: .customLong("soft-only"), help: "Only the teacher's answers (α 0).") var softOnly = false

  @Flag(name: .customLong("hard-only"), help: "Only the labels (α 1).") var hardOnly = false

  @Option(help: "T, which softens teacher's and student's probabilities.", transform: Quantity.positive)
  var temperature = 4.0

  @Option(
    name: .customLong("last-temperature"), help: "The temperature of the last step; it changes linearly up to there.",
    transform: Quantity.positive)
  var lastTemperature: Double?

  @Option(
    name: .customLong("stop-gap"),
    help: "End once every head is at most this far behind the teacher on the held-out samples: 0.5%.",
    transform: Quantity.share)
  var stopGap: Double?

  @OptionGroup var layers: LayerOptions

  @Option(help: "A model between teacher and student that is distilled first and then teaches; may be repeated.")
  var assistant: [String] = []

  @Option(help: "Train this often, each time fresh weights, taught by the time before (from the second on).")
  var generations = 1

  @Option(help: "A further student that is trained at the same time; they teach each other. May be repeated.")
  var peer: [String] = []

  @Option(help: "Samples without labels, taught by the teacher alone and mixed with the others.")
  var unlabelled: String?

  @Option(name: .customLong("teacher"), help: "A further teacher; may be repeated. Their answers are averaged.")
  var teachers: [String] = []

  @OptionGroup var fit: TeacherFitOptions

  func validate() throws {
    if softOnly && hardOnly { throw ValidationError("--soft-only and --hard-only exclude each other") }
    guard (1...100).contains(generations) else { throw ValidationError("--generations must be 1 to 100") }
    if !peer.isEmpty && (generations > 1 || !assistant.isEmpty) {
      throw ValidationError("--peer goes with neither --generations nor --assistant")
    }
    if !layers.transfers.isEmpty && (generations > 1 || !assistant.isEmpty || !peer.isEmpty) {
      throw ValidationError(
        "losses between layers name those of one pair of models: --assistant, --generations and --peer have several")
    }
    guard [temperature, lastTemperature ?? temperature].allSatisfy({ (0.01...1000).contains($0) }) else {
      throw ValidationError("temperatures must be 0.01 to 1000")
    }
    _ = try request
  }

  /// The teachers' part, as `kdc compile` has it.
  var request: TeacherRequest {
    get throws { TeacherRequest(matches: try fit.matchedOutputs, preprocessing: try fit.steps) }
  }

  func apply(to options: inout Distillation.Options) {
    options.loss.hardWeight = softOnly ? 0 : hardOnly ? 1 : alpha
    options.loss.temperature = temperature
    options.lastTemperature = lastTemperature
    options.stopGap = stopGap
    options.transfers = layers.transfers
  }
}
