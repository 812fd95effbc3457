import KDCTensor

/// What is behind and before a face: a wall with light and dark places, some things on it, and what passes by.
struct FaceScene {
  /// A thing: the place of its middle, half its width and height.
  struct Thing {
    var x: Float
    var y: Float
    var width: Float
    var height: Float
    var tone: Float
    var isRound: Bool

    init(_ generator: inout SplitMix64, sizes: ClosedRange<Float>) {
      (x, y) = (generator.number(in: 0...1), generator.number(in: 0...1))
      (width, height) = (generator.number(in: sizes), generator.number(in: sizes))
      tone = generator.number(in: 0.05...0.95)
      isRound = generator.chance(0.5)
    }

    func covers(_ px: Float, _ py: Float) -> Bool {
      let (across, down) = ((px - x) / width, (py - y) / height)
      return isRound ? across * across + down * down < 1 : abs(across) < 1 && abs(down) < 1
    }
  }

  private let brightness: Float
  private let coarse: SmoothField
  private let fine: SmoothField
  private let things: [Thing]

  init(_ generator: inout SplitMix64) {
    brightness = generator.number(in: 0.3...0.7)
    coarse = SmoothField(&generator, cells: 3)
    fine = SmoothField(&generator, cells: 9)
    things = (0..<generator.below(4)).map { _ in Thing(&generator, sizes: 0.05...0.3) }
  }

  /// The tone at a point; nearest places beyond the border.
  func tone(_ x: Float, _ y: Float) -> Float {
    let (x, y) = (min(max(x, 0), 1), min(max(y, 0), 1))
    var tone = brightness + 0.2 * coarse[x, y] + 0.1 * fine[x, y]
    for thing in things where thing.covers(x, y) { tone = 0.4 * tone + 0.6 * thing.tone }
    return tone
  }
}

/// A random function over 0…1 by 0…1 with values in −1…1, linear between the corners of square cells.
struct SmoothField {
  private let cells: Int
  private let corners: [Float]

  init(_ generator: inout SplitMix64, cells: Int) {
    self.cells = cells
    corners = (0..<((cells + 1) * (cells + 1))).map { _ in generator.number(in: -1...1) }
  }

  subscript(x: Float, y: Float) -> Float {
    let (column, row) = (min(Int(x * Float(cells)), cells - 1), min(Int(y * Float(cells)), cells - 1))
    let (right, down) = (x * Float(cells) - Float(column), y * Float(cells) - Float(row))
    let first = row * (cells + 1) + column
    let upper = corners[first] + right * (corners[first + 1] - corners[first])
    let second = first + cells + 1
    let lower = corners[second] + right * (corners[second + 1] - corners[second])
    return upper + down * (lower - upper)
  }
}
