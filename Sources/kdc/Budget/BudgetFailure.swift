import Foundation

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
    let known = points.filter { $0.isMeasured(for: budget) }
    let nearest = (known.isEmpty ? points : known).min { ($0.excess(budget), $0.size) < ($1.excess(budget), $1.size) }
    figures = Figures(
      model: model, budget: budget, points: BudgetPoint.pareto(points),
      nearest: nearest.map { Self.options(budget, fitting: $0) } ?? [])
  }

  /// The budget's options with each limit that `point` breaks moved to where it does not.
  static func options(_ budget: Budget, fitting point: BudgetPoint) -> [String] {
    BudgetLimit.all.flatMap { limit -> [String] in
      guard let bound = budget[keyPath: limit.bound] else { return [] }
      return ["--" + limit.option, limit.unit.option(keeping: limit.value(point) ?? bound, bound)]
    }
  }

  /// For people: what is over, the points, and the nearest request.
  func message(command: [String]) -> String {
    var rows = [["removed", "weights"] + BudgetLimit.all.map(\.title)]
    for point in figures.points {
      rows.append(
        [String(format: "%.1f %%", 100 * point.removed), point.weights]
          + BudgetLimit.all.map { limit in limit.value(point).map(limit.unit.text) ?? "" })
    }
    var lines = ["The budget cannot be met. Nearest points measured:"] + ReportTable.aligned(rows)
    if !figures.nearest.isEmpty {
      lines += ["This can be met:", "  " + (command + figures.nearest).joined(separator: " ")]
    }
    return lines.joined(separator: "\n")
  }

  /// The command line without its budget options.
  static func withoutBudget(_ arguments: [String]) -> [String] {
    let names = BudgetLimit.all.map { "--" + $0.option }
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
