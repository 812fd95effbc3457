import KDCTestSupport
import KDCTraining
import Testing

@Suite("Losses between layers")
struct FeatureLossTests {
  private static func map(_ channels: Int, seed: UInt64) -> FeatureMap {
    var random = SeededGenerator(seed: seed)
    let values = (0..<4 * channels * 6).map { _ in Double.random(in: -1.5...1.5, using: &random) }
    return FeatureMap(samples: 4, channels: channels, height: 2, width: 3, values: values)
  }

  typealias Loss = @Sendable (FeatureMap) -> FeatureLoss
  static let spreads = [0.3, 1.2, 0.7]
  static let cases: [(name: String, loss: Loss)] = [
    ("hint", { Hint.evaluate($0, teacher: map(3, seed: 41)) }),
    ("attention", { AttentionTransfer.evaluate($0, teacher: map(5, seed: 42)) }),
    ("relational", { RelationalDistance.evaluate($0, teacher: map(2, seed: 43)) }),
    ("information", { VariationalInformation.evaluate($0, teacher: map(3, seed: 44), spreads: spreads) }),
  ]

  @Test("Each gradient is that of central differences", arguments: cases.map(\.name))
  func gradients(name: String) throws {
    let loss = try #require(Self.cases.first { $0.name == name }).loss
    let student = Self.map(3, seed: 40)
    let found = loss(student).gradient
    for index in stride(from: 0, to: student.values.count, by: 5) {
      var (up, down) = (student, student)
      up.values[index] += 1e-5
      down.values[index] -= 1e-5
      let expected = (loss(up).value - loss(down).value) / 2e-5
      #expect(abs(found[index] - expected) < 1e-6 * max(1, abs(expected)), "\(name), element \(index), seed 40")
    }
  }

  @Test("The gradient of the variances is that of central differences")
  func variances() {
    let (student, teacher) = (Self.map(3, seed: 40), Self.map(3, seed: 44))
    let found = VariationalInformation.evaluate(student, teacher: teacher, spreads: Self.spreads).parameters
    for channel in 0..<3 {
      func value(_ step: Double) -> Double {
        var spreads = Self.spreads
        spreads[channel] += step
        return VariationalInformation.evaluate(student, teacher: teacher, spreads: spreads).value
      }
      #expect(abs(found[channel] - (value(1e-5) - value(-1e-5)) / 2e-5) < 1e-6)
    }
  }

  @Test("Equal layers cost nothing, and what a loss does not look at does not count")
  func invariances() {
    let map = Self.map(3, seed: 40)
    var scaled = map
    scaled.values = map.values.map { -2 * $0 }
    #expect(Hint.evaluate(map, teacher: map).value == 0)
    #expect(AttentionTransfer.evaluate(scaled, teacher: map).value < 1e-12)
    #expect(RelationalDistance.evaluate(scaled, teacher: map).value < 1e-12)
  }

  @Test("A map at another size holds the means of what its places cover")
  func pooled() {
    let map = FeatureMap(samples: 1, channels: 1, height: 4, width: 4, values: (0..<16).map(Double.init))
    #expect(map.pooled(height: 2, width: 2).values == [2.5, 4.5, 10.5, 12.5])
    #expect(map.pooled(height: 1, width: 1).values == [7.5])
    #expect(map.pooled(height: 8, width: 4).values.count == 32)
  }
}
