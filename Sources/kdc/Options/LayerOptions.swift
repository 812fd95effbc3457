import ArgumentParser
import KDCTraining

/// Losses between layers of teacher and student.
struct LayerOptions: ParsableArguments {
  @Option(.hint) var hint: [String] = []
  @Option(.attention) var attention: [String] = []
  @Option(.relational) var relational: [String] = []
  @Option(.similarity) var similarity: [String] = []
  @Option(.information) var information: [String] = []

  @Option(help: "β, a factor on all losses between layers. Default: 1.", transform: Quantity.nonNegative) var beta = 1.0

  private var given: [(LayerLoss, [String])] {
    [
      (.hint, hint), (.attention, attention), (.relational, relational), (.similarity, similarity),
      (.information, information),
    ]
  }

  func validate() throws { _ = try parsed }

  var transfers: [FeatureTransfer] { (try? parsed) ?? [] }

  private var parsed: [FeatureTransfer] {
    get throws { try given.flatMap { loss, texts in try texts.flatMap { try Self.parse($0, loss, beta) } } }
  }

  /// "a,b=c,d:0.5".
  private static func parse(_ text: String, _ loss: LayerLoss, _ beta: Double) throws -> [FeatureTransfer] {
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
      sides[1].map { FeatureTransfer(loss, teacher: teacher, student: $0, weight: share) }
    }
  }
}

extension Option where Value == [String] {
  /// The option of a loss between layers.
  fileprivate init(wrappedValue: [String], _ loss: LayerLoss) {
    self.init(
      wrappedValue: wrappedValue, name: .customLong(loss.name),
      help: ArgumentHelp("\(loss.help)", valueName: "teacher=student[:λ]"))
  }
}
