import ArgumentParser
import KDCTraining

/// What `kdc distill` minimises.
struct DistillationOptions: ParsableArguments {
  @Option(
    help: "α, the weight of the labels in the loss, 0…1; the teacher's weight is 1 − α. Default: 0.7.",
    transform: Quantity.share)
  var alpha = 0.7

  @Flag(name: .customLong("soft-only"), help: "Learn from the teacher's answers alone (α = 0).") var softOnly = false

  @Flag(name: .customLong("hard-only"), help: "Learn from the labels alone (α = 1).") var hardOnly = false

  @Option(
    help: "T, the temperature that softens the probabilities of teacher and student. Default: 4.",
    transform: Quantity.positive)
  var temperature = 4.0

  @Option(
    name: .customLong("last-temperature"), help: "Temperature of the last step; T changes linearly towards it.",
    transform: Quantity.positive)
  var lastTemperature: Double?

  @Option(
    name: .customLong("stop-gap"),
    help: "Stop once every head is at most this far behind the teacher on held-out samples: 0.5%.",
    transform: Quantity.share)
  var stopGap: Double?

  @OptionGroup var layers: LayerOptions

  @Option(help: "A model between teacher and student: it is distilled first and then teaches. May be repeated.")
  var assistant: [String] = []

  @Option(help: "Number of students trained in turn from fresh weights, each after the first taught by the one before.")
  var generations = 1

  @Option(help: "Another student, trained at the same time; the students teach each other. May be repeated.")
  var peer: [String] = []

  @Option(help: "Samples without labels, mixed with the others and taught by the teacher alone.")
  var unlabelled: String?

  @Option(name: .customLong("teacher"), help: "Another teacher; may be repeated. The answers are averaged.")
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
