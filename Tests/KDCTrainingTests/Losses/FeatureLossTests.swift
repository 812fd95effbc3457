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

  static let spreads = [0.3, 1.2, 0.7]

  @Test("Each gradient is that of central differences", arguments: LayerLoss.all.map(\.name))
  func gradients(name: String) throws {
    let layerLoss = try #require(LayerLoss.all.first { $0.name == name })
    // Other numbers of channels than the student's where the loss takes them.
    let teacher = Self.map(["attention": 5, "relational": 2][name] ?? 3, seed: 41)
    func loss(_ student: FeatureMap) -> FeatureLoss { layerLoss.evaluate(student, teacher, Self.spreads) }
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
    let found = LayerLoss.information.evaluate(student, teacher, Self.spreads).parameters
    for channel in 0..<3 {
      func value(_ step: Double) -> Double {
        var spreads = Self.spreads
        spreads[channel] += step
        return LayerLoss.information.evaluate(student, teacher, spreads).value
      }
      #expect(abs(found[channel] - (value(1e-5) - value(-1e-5)) / 2e-5) < 1e-6)
    }
  }

  @Test("Equal layers cost nothing, and what a loss does not look at does not count")
  func invariances() {
    let map = Self.map(3, seed: 40)
    var scaled = map
    scaled.values = map.values.map { -2 * $0 }
    #expect(LayerLoss.hint.evaluate(map, map, []).value == 0)
    #expect(LayerLoss.attention.evaluate(scaled, map, []).value < 1e-12)
    #expect(LayerLoss.relational.evaluate(scaled, map, []).value < 1e-12)
  }

  @Test("A map at another size holds the means of what its places cover")
  func pooled() {
    let map = FeatureMap(samples: 1, channels: 1, height: 4, width: 4, values: (0..<16).map(Double.init))
    #expect(map.pooled(height: 2, width: 2).values == [2.5, 4.5, 10.5, 12.5])
    #expect(map.pooled(height: 1, width: 1).values == [7.5])
    #expect(map.pooled(height: 8, width: 4).values.count == 32)
  }
}
