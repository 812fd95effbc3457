import ArgumentParser

/// Limits for the result of `kdc compile`.
struct BudgetOptions: ParsableArguments {
  @Option(
    name: .customLong("max-size"),
    help: ArgumentHelp("Most bytes of the bundle without its machine code: 40KB.", valueName: "bytes"),
    transform: Quantity.bytes)
  var maxSize: Int?

  @Option(
    name: .customLong("max-latency"),
    help: ArgumentHelp("Most time for one inference on one core of every target: 5ms.", valueName: "time"),
    transform: Quantity.milliseconds)
  var maxLatency: Double?

  @Option(
    name: .customLong("max-ram"), help: ArgumentHelp("Most memory that inference works in: 256KB.", valueName: "bytes"),
    transform: Quantity.bytes)
  var maxMemory: Int?

  @Option(
    name: .customLong("max-kl"),
    help: ArgumentHelp("Largest mean KL from the teacher on training samples held out: 0.05.", valueName: "nats"),
    transform: Quantity.positive)
  var maxDivergence: Double?

  @Option(
    name: .customLong("min-accuracy"),
    help: ArgumentHelp("Least accuracy on labelled training samples held out: 90%.", valueName: "share"),
    transform: Quantity.share)
  var minAccuracy: Double?

  var budget: Budget {
    Budget(
      size: maxSize, milliseconds: maxLatency, memory: maxMemory, divergence: maxDivergence, accuracy: minAccuracy)
  }
}
