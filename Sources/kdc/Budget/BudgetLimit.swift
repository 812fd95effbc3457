import Foundation

/// Limits that the compiled model has to keep; nil is no limit. What each means is in the `BudgetLimit` of its name.
struct Budget: Sendable, Codable, Equatable {
  var size: Double?
  var milliseconds: Double?
  var memory: Double?
  var divergence: Double?
  var accuracy: Double?

  var isEmpty: Bool { self == Budget() }
  /// A limit on what can be estimated without running the model.
  var hasCost: Bool { BudgetLimit.costs.contains { self[keyPath: $0.bound] != nil } }
  /// A limit on what only running the model can tell.
  var hasQuality: Bool { BudgetLimit.qualities.contains { self[keyPath: $0.bound] != nil } }
  /// The most bytes that an arena may have.
  var arenaBytes: Int? { memory.map { Int($0) } }

  /// Multiplies every limit on a cost.
  mutating func scaleCosts(by factor: Double) {
    for limit in BudgetLimit.costs {
      guard let bound = self[keyPath: limit.bound] else { continue }
      self[keyPath: limit.bound] = limit.unit == .bytes ? (bound * factor).rounded(.down) : bound * factor
    }
  }
}

/// A limit of a budget, declared once: its option, what it bounds, and how that is written.
struct BudgetLimit: Sendable {
  static let all = [size, latency, memory, divergence, accuracy]
  static let costs = all.filter { $0.cost != nil }
  static let qualities = all.filter { $0.cost == nil }

  static let size = BudgetLimit(
    option: "max-size", help: "Most bytes of the bundle without its machine code: 40KB.", valueName: "bytes",
    title: "size", unit: .bytes, bound: \.size, value: { Double($0.size) }, cost: { Double($0.size) })

  static let latency = BudgetLimit(
    option: "max-latency", help: "Most time for one inference on one core of every target: 5ms.", valueName: "time",
    title: "latency", unit: .milliseconds, bound: \.milliseconds, value: { $0.milliseconds }, cost: { $0.slowest })

  static let memory = BudgetLimit(
    option: "max-ram", help: "Most memory that an inference works in: 256KB.", valueName: "bytes", title: "RAM",
    unit: .bytes, bound: \.memory, value: { Double($0.memory) }, cost: { $0.softMemory })

  static let divergence = BudgetLimit(
    option: "max-kl", help: "Largest mean KL from the teacher on held-out training samples: 0.05.", valueName: "nats",
    title: "KL", unit: .nats, bound: \.divergence, value: { $0.divergence })

  static let accuracy = BudgetLimit(
    option: "min-accuracy", help: "Least accuracy on held-out labelled training samples: 90%.", valueName: "share",
    title: "accuracy", unit: .leastShare, bound: \.accuracy, value: { $0.accuracy })

  /// "max-size"; what its help says, and what its value is called there.
  let option: String
  let help: String
  let valueName: String
  /// Of the column of the points' table.
  let title: String
  let unit: Unit
  let bound: WritableKeyPath<Budget, Double?> & Sendable
  /// nil: not measured.
  let value: @Sendable (BudgetPoint) -> Double?
  /// What pruning lowers where the value can be estimated without running the model; nil where only running tells.
  var cost: (@Sendable (ModelEstimate) -> Double)?

  /// How far a value is over its limit: at most 1 keeps it. Shares are compared by what is missing to 1.
  func excess(_ value: Double, of bound: Double) -> Double {
    let (value, bound) = unit == .leastShare ? (1 - value, 1 - bound) : (value, bound)
    return bound > 0 ? value / bound : value > 0 ? .infinity : 0
  }

  enum Unit: Sendable {
    case bytes, milliseconds, nats
    /// 0…1, the more the better.
    case leastShare

    /// As users write it.
    @Sendable func parse(_ text: String) throws -> Double {
      switch self {
      case .bytes: Double(try Quantity.bytes(text))
      case .milliseconds: try Quantity.milliseconds(text)
      case .nats: try Quantity.positive(text)
      case .leastShare: try Quantity.share(text)
      }
    }

    /// For people.
    func text(_ value: Double) -> String {
      switch self {
      case .bytes: Figure.bytes(Int(value))
      case .milliseconds: String(format: "%.3f ms", value)
      case .nats: String(format: "%.4f", value)
      case .leastShare: String(format: "%.2f %%", 100 * value)
      }
    }

    /// The option's value that `value` just keeps, or `bound` itself where `value` keeps it.
    func option(keeping value: Double, _ bound: Double) -> String {
      func rounded(_ value: Double, _ digits: Int, _ rule: FloatingPointRoundingRule) -> String {
        let factor = pow(10, Double(digits))
        return String(format: "%.\(digits)f", (value * factor).rounded(rule) / factor)
      }
      switch self {
      case .bytes:
        let most = Int(max(value, bound))
        if most % 1024 == 0 { return "\(most / 1024)KB" }
        return bound >= value ? "\(most)" : "\((most + 1023) / 1024)KB"
      case .milliseconds: return rounded(max(value, bound), 3, .up) + "ms"
      case .nats: return rounded(max(value, bound), 4, .up)
      case .leastShare: return rounded(min(value, bound), 4, .down)
      }
    }
  }
}
