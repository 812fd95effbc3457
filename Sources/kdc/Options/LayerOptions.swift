import ArgumentParser
import KDCTraining

/// Losses between layers of teacher and student.
struct LayerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "FitNets: the student's layer, through a learned regressor, is to give the teacher's.", valueName: pair))
  var hint: [String] = []

  @Option(help: ArgumentHelp("Attention transfer: where both layers look.", valueName: pair)) var attention: [String] =
    []

  @Option(help: ArgumentHelp("Relational: distances between the samples of a chunk.", valueName: pair))
  var relational: [String] = []

  @Option(
    help: ArgumentHelp(
      "Variational mutual information; a,b=c,d is each to each, its λ shared evenly.", valueName: pair))
  var information: [String] = []

  @Option(help: "β, a factor on all losses between layers.", transform: Quantity.nonNegative) var beta = 1.0

  private static let pair = "teacher=student[:λ]"

  func validate() throws { _ = try parsed }

  var transfers: [FeatureTransfer] { (try? parsed) ?? [] }

  private var parsed: [FeatureTransfer] {
    get throws {
      let kinds: [(FeatureTransfer.Kind, [String])] = [
        (.hint, hint), (.attention, attention), (.relational, relational), (.information, information),
      ]
      return try kinds.flatMap { kind, texts in try texts.flatMap { try Self.parse($0, kind, beta) } }
    }
  }

  /// "a,b=c,d:0.5".
  private static func parse(_ text: String, _ kind: FeatureTransfer.Kind, _ beta: Double) throws -> [FeatureTransfer] {
    var names = text[...]
    var weight = 1.0
    if let colon = text.lastIndex(of: ":"), let number = Double(text[text.index(after: colon)...]) {
      guard number >= 0, number.isFinite else { throw ValidationError("λ of '\(text)' must be at least 0") }
      (names, weight) = (text[..<colon], number)
    }
    let sides = names.split(separator: "=", omittingEmptySubsequences: false)
      .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    guard sides.count == 2, sides.allSatisfy({ $0.allSatisfy { !$0.isEmpty } }) else {
      throw ValidationError("write layers as teacher=student, or a,b=c,d:0.5, not '\(text)'")
    }
    let share = beta * weight / Double(sides[0].count * sides[1].count)
    return sides[0].flatMap { teacher in
      sides[1].map { FeatureTransfer(kind, teacher: teacher, student: $0, weight: share) }
    }
  }
}
