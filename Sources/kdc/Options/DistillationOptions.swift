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

  @Option(name: .customLong("teacher"), help: "A further teacher; may be repeated. Their answers are averaged.")
  var teachers: [String] = []

  @OptionGroup var fit: TeacherFitOptions

  func validate() throws {
    if softOnly && hardOnly { throw ValidationError("--soft-only and --hard-only exclude each other") }
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
  }
}
