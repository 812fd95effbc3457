/// Places between the elements of a tensor, as GridSample reads them: the formulas of `GridSampleStep`.
package struct GridSampling: Hashable, Sendable, Codable {
  package enum Mode: String, Sendable, Codable, CaseIterable {
    /// The nearest element, of two the one with the even index; linear; cubic with a = −0.75.
    case nearest, linear, cubic
    /// Elements that one place is made of, along one axis.
    package var taps: Int { self == .nearest ? 1 : self == .linear ? 2 : 4 }
  }
  /// What is beyond the elements: 0, the outermost one, or the others again, backwards.
  package enum Padding: String, Sendable, Codable, CaseIterable { case zeros, border, reflection }
  package var mode: Mode
  package var padding: Padding
  /// Whether −1 and 1 are the middles of the outermost elements, not their outer edges.
  package var alignsCorners: Bool

  package init(mode: Mode, padding: Padding, alignsCorners: Bool) {
    self.mode = mode
    self.padding = padding
    self.alignsCorners = alignsCorners
  }

  /// Nothing is farther away than this, and sizes are below it.
  package static let farthest = 4_194_304

  /// The element of an axis of `size` that `place` −1...1 lies on or behind, counted with what is between them, and within the
  /// border where the padding says so. NaN lies as far before all elements as can be.
  func coordinate(_ place: Float, _ size: Int) -> Float {
    let x =
      alignsCorners
      ? (place + 1) * 0.5 * Float(size - 1) : ((place + 1) * Float(size) - 1) * 0.5
    let far = Float(Self.farthest)
    let limited = x > -far ? (x < far ? x : far) : -far
    let rounded = mode == .nearest ? limited.rounded(.toNearestOrEven) : limited
    switch padding {
    case .zeros: return rounded
    case .border: return FloatMath.clamp(rounded, 0, Float(size - 1))
    case .reflection: return reflected(rounded, size)
    }
  }

  /// A coordinate, folded at the borders until it lies between them.
  private func reflected(_ x: Float, _ size: Int) -> Float {
    let (low, high): (Float, Float) = alignsCorners ? (0, Float(size - 1)) : (-0.5, Float(size) - 0.5)
    let range = high - low
    let beyond = x < low ? low - x : x > high ? x - high : 0
    guard beyond > 0, range > 0 else { return beyond > 0 ? 0 : x }
    let turns = (beyond / range).rounded(.down)
    let rest = beyond - turns * range
    let isEven = (turns * 0.5).rounded(.down) * 2 == turns
    return (x < low) == isEven ? low + rest : high - rest
  }

  /// The element at an index that may lie outside; nil: 0 is there.
  func element(_ index: Int, _ size: Int) -> Int? {
    switch padding {
    case .zeros: return index >= 0 && index < size ? index : nil
    case .border: return min(max(index, 0), size - 1)
    case .reflection: return min(max(Int(reflected(Float(index), size)), 0), size - 1)
    }
  }

  /// The elements and their weights for one place along an axis.
  func taps(_ place: Float, _ size: Int) -> [(element: Int?, weight: Float)] {
    let x = coordinate(place, size)
    let first = x.rounded(.down)
    let at = Int(first)
    let t = x - first
    switch mode {
    case .nearest: return [(element(at, size), 1)]
    case .linear: return [(element(at, size), 1 - t), (element(at + 1, size), t)]
    case .cubic:
      return [
        (element(at - 1, size), Self.outer(t + 1)), (element(at, size), Self.inner(t)),
        (element(at + 1, size), Self.inner(1 - t)), (element(at + 2, size), Self.outer(2 - t)),
      ]
    }
  }

  /// Weights of the cubic kernel at a distance up to 1, and from there to 2.
  private static func inner(_ t: Float) -> Float { (1.25 * t - 2.25) * t * t + 1 }
  private static func outer(_ t: Float) -> Float { ((-0.75 * t + 3.75) * t + -6) * t + 3 }
}
