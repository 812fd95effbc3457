/// The indices of an equation's operands and result. Letters are positive numbers; what "..." stands for is −1, −2, …,
/// counted from its last axis.
package struct EinsumEquation: Sendable, Equatable {
  /// One operand or the result: letters before and after "...", which may be absent.
  package struct Axes: Sendable, Equatable {
    var before: [Int] = []
    var after: [Int]?
  }
  package let terms: [Axes]
  /// nil: what appears once, in alphabetical order.
  package let result: Axes?

  /// nil for a text that is no equation.
  package init?(_ text: String) {
    let plain = text.filter { $0 != " " }
    let sides = plain.split(separator: "->", maxSplits: 2, omittingEmptySubsequences: false)
    guard let left = sides.first, sides.count <= 2 else { return nil }
    var terms: [Axes] = []
    for part in left.split(separator: ",", omittingEmptySubsequences: false) {
      guard let axes = Self.axes(part) else { return nil }
      terms.append(axes)
    }
    self.terms = terms
    guard sides.count == 2 else {
      result = nil
      return
    }
    guard let axes = Self.axes(sides[1]) else { return nil }
    let letters = axes.before + (axes.after ?? [])
    guard Set(letters).count == letters.count else { return nil }
    result = axes
  }

  private static func axes(_ text: Substring) -> Axes? {
    var axes = Axes()
    var rest = text
    while let character = rest.first {
      if rest.hasPrefix("...") {
        guard axes.after == nil else { return nil }
        axes.after = []
        rest = rest.dropFirst(3)
        continue
      }
      guard character.isLetter, let code = character.asciiValue else { return nil }
      if axes.after == nil { axes.before.append(Int(code)) } else { axes.after?.append(Int(code)) }
      rest = rest.dropFirst()
    }
    return axes
  }

  /// The index of each axis of an operand; nil where it has not as many.
  func labels(of term: Int, rank: Int) -> [Int]? {
    let axes = terms[term]
    guard let after = axes.after else { return axes.before.count == rank ? axes.before : nil }
    let rest = rank - axes.before.count - after.count
    return rest < 0 ? nil : axes.before + Self.broadcast(rest) + after
  }

  private static func broadcast(_ count: Int) -> [Int] { (0..<count).map { $0 - count } }

  /// The index of each axis of the result, for operands with these.
  func output(of operands: [[Int]]) -> [Int] {
    let all = operands.flatMap { $0 }
    let axes = Self.broadcast(-(all.min() ?? 0).clamped(to: -64...0))
    guard let result else {
      let letters = terms.flatMap { $0.before + ($0.after ?? []) }
      return axes + Set(letters).filter { letter in letters.count { $0 == letter } == 1 }.sorted()
    }
    return result.after.map { result.before + axes + $0 } ?? result.before
  }
}

extension Int {
  fileprivate func clamped(to range: ClosedRange<Int>) -> Int {
    Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }
}
