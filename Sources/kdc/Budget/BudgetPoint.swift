import Foundation
import KDCCompression

/// One model that a search for a budget came by, with what it costs and how good it is.
struct BudgetPoint: Sendable, Codable, Equatable {
  /// Share of the student's multiply-accumulates that were removed.
  var removed: Double
  var weights: String
  /// Bytes of the bundle without its machine code.
  var size: Int
  /// One inference on one core of the slowest target.
  var milliseconds: Double
  /// Bytes of the arena.
  var memory: Int
  /// On held-out training samples: mean KL (T = 1) from the teacher, and the share of right answers. nil: not measured.
  var divergence: Double?
  var accuracy: Double?

  init(_ estimate: ModelEstimate, removed: Double, weights: String) {
    self.removed = removed
    self.weights = weights
    size = estimate.size
    milliseconds = estimate.slowest
    memory = estimate.memory
  }

  /// Each limit with what the point has.
  func limits(_ budget: Budget) -> [Report.Limit] {
    var result: [Report.Limit] = []
    if let limit = budget.size {
      result.append(Report.Limit(option: "--max-size", limit: Double(limit), value: Double(size)))
    }
    if let limit = budget.milliseconds {
      result.append(Report.Limit(option: "--max-latency", limit: limit, value: milliseconds))
    }
    if let limit = budget.memory {
      result.append(Report.Limit(option: "--max-ram", limit: Double(limit), value: Double(memory)))
    }
    if let limit = budget.divergence, let divergence {
      result.append(Report.Limit(option: "--max-kl", limit: limit, value: divergence))
    }
    if let limit = budget.accuracy, let accuracy {
      result.append(Report.Limit(option: "--min-accuracy", limit: limit, value: accuracy))
    }
    return result
  }

  /// The limited figures in one line.
  func summary(_ budget: Budget) -> String {
    limits(budget).map { limit in
      switch limit.option {
      case "--max-size": "size \(ReportTable.bytes(size)) of \(ReportTable.bytes(Int(limit.limit)))"
      case "--max-ram": "RAM \(ReportTable.bytes(memory)) of \(ReportTable.bytes(Int(limit.limit)))"
      case "--max-latency": String(format: "%.3f ms of %.3f ms", milliseconds, limit.limit)
      case "--max-kl": String(format: "held-out KL %.4f of %.4f", limit.value, limit.limit)
      default: String(format: "held-out accuracy %.2f %% of at least %.2f %%", 100 * limit.value, 100 * limit.limit)
      }
    }.joined(separator: ", ")
  }

  /// How far the point is over the budget: the largest value divided by its limit. At most 1 keeps every limit.
  func excess(_ budget: Budget) -> Double { max(costExcess(budget), qualityExcess(budget)) }

  /// `excess` of what only running the model can tell; for accuracy of the wrong answers. 0 where it was not measured.
  func qualityExcess(_ budget: Budget) -> Double {
    func ratio(_ value: Double, _ limit: Double) -> Double { limit > 0 ? value / limit : value > 0 ? .infinity : 0 }
    var result = 0.0
    if let limit = budget.divergence, let divergence { result = max(result, ratio(divergence, limit)) }
    if let limit = budget.accuracy, let accuracy { result = max(result, ratio(1 - accuracy, 1 - limit)) }
    return result
  }

  /// `excess` of what can be estimated without running the model.
  func costExcess(_ budget: Budget) -> Double {
    max(
      budget.size.map { Double(size) / Double(max($0, 1)) } ?? 0,
      budget.milliseconds.map { milliseconds / $0 } ?? 0,
      budget.memory.map { Double(memory) / Double(max($0, 1)) } ?? 0)
  }

  /// Whether `other` is at least as good in every respect and better in one.
  func isBeaten(by other: BudgetPoint) -> Bool {
    let own = [Double(size), milliseconds, Double(memory), divergence ?? .infinity, -(accuracy ?? 0)]
    let others = [
      Double(other.size), other.milliseconds, Double(other.memory), other.divergence ?? .infinity,
      -(other.accuracy ?? 0),
    ]
    return zip(others, own).allSatisfy { $0 <= $1 } && others != own
  }

  /// The points that no other beats, smallest first.
  static func pareto(_ points: [BudgetPoint]) -> [BudgetPoint] {
    var result: [BudgetPoint] = []
    for point in points where !points.contains(where: { point.isBeaten(by: $0) }) && !result.contains(point) {
      result.append(point)
    }
    return result.sorted { ($0.size, $0.milliseconds) < ($1.size, $1.milliseconds) }
  }
}

/// A budget that cannot be met: exit code 3, with what can be.
struct BudgetFailure: Error {
  /// The JSON of `--json`.
  struct Figures: Codable {
    var schema = 1
    var model: String
    var budget: Budget
    /// The points measured that no other beats, smallest first.
    var points: [BudgetPoint]
    /// The options with which the nearest point would have been accepted.
    var nearest: [String]
  }
  var figures: Figures

  init(model: String, budget: Budget, points: [BudgetPoint]) {
    // What was not measured cannot be promised.
    let known = points.filter {
      (budget.divergence == nil || $0.divergence != nil) && (budget.accuracy == nil || $0.accuracy != nil)
    }
    let nearest = (known.isEmpty ? points : known).min { ($0.excess(budget), $0.size) < ($1.excess(budget), $1.size) }
    figures = Figures(
      model: model, budget: budget, points: BudgetPoint.pareto(points),
      nearest: nearest.map { Self.options(budget, fitting: $0) } ?? [])
  }

  /// The budget's options with each limit that `point` breaks moved to where it does not.
  static func options(_ budget: Budget, fitting point: BudgetPoint) -> [String] {
    func up(_ value: Double, _ digits: Int) -> String {
      let factor = pow(10, Double(digits))
      return String(format: "%.\(digits)f", (value * factor).rounded(.up) / factor)
    }
    var result: [String] = []
    func bytes(_ name: String, _ limit: Int?, _ value: Int) {
      guard let limit else { return }
      let most = max(limit, value)
      result += [
        name, most % 1024 == 0 ? "\(most / 1024)KB" : limit >= value ? "\(limit)" : "\((most + 1023) / 1024)KB",
      ]
    }
    bytes("--max-size", budget.size, point.size)
    if let limit = budget.milliseconds { result += ["--max-latency", up(max(limit, point.milliseconds), 3) + "ms"] }
    bytes("--max-ram", budget.memory, point.memory)
    if let limit = budget.divergence { result += ["--max-kl", up(max(limit, point.divergence ?? limit), 4)] }
    if let limit = budget.accuracy {
      let least = min(limit, point.accuracy ?? limit)
      result += ["--min-accuracy", String(format: "%.4f", (least * 10000).rounded(.down) / 10000)]
    }
    return result
  }

  /// For people: what is over, the points, and the nearest request.
  func message(command: [String]) -> String {
    var rows = [["removed", "weights", "size", "latency", "RAM", "KL", "accuracy"]]
    for point in figures.points {
      rows.append([
        String(format: "%.1f %%", 100 * point.removed), point.weights, ReportTable.bytes(point.size),
        String(format: "%.3f ms", point.milliseconds), ReportTable.bytes(point.memory),
        point.divergence.map { String(format: "%.4f", $0) } ?? "",
        point.accuracy.map { String(format: "%.2f %%", 100 * $0) } ?? "",
      ])
    }
    var lines = ["The budget cannot be met. Nearest points measured:"] + ReportTable.aligned(rows)
    if !figures.nearest.isEmpty {
      lines += ["This can be met:", "  " + (command + figures.nearest).joined(separator: " ")]
    }
    return lines.joined(separator: "\n")
  }

  /// The command line without its budget options.
  static func withoutBudget(_ arguments: [String]) -> [String] {
    let names = ["--max-size", "--max-latency", "--max-ram", "--max-kl", "--min-accuracy"]
    var result: [String] = []
    var skips = false
    for argument in arguments {
      if skips {
        skips = false
      } else if names.contains(argument) {
        skips = true
      } else if !names.contains(where: { argument.hasPrefix($0 + "=") }) {
        result.append(argument)
      }
    }
    return result
  }
}
