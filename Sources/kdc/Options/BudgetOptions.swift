import ArgumentParser

/// Limits for the result of `kdc compile`.
struct BudgetOptions: ParsableArguments {
  @Option(.size) var size: Double?
  @Option(.latency) var latency: Double?
  @Option(.memory) var memory: Double?
  @Option(.divergence) var divergence: Double?
  @Option(.accuracy) var accuracy: Double?

  var budget: Budget {
    Budget(size: size, milliseconds: latency, memory: memory, divergence: divergence, accuracy: accuracy)
  }
}

extension Option where Value == Double? {
  /// The option of a budget's limit.
  fileprivate init(_ limit: BudgetLimit) {
    self.init(
      name: .customLong(limit.option), help: ArgumentHelp("\(limit.help)", valueName: limit.valueName),
      transform: limit.unit.parse)
  }
}
