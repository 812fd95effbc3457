import KDCGraph
import KDCTensor
import KDCTestSupport
import KDCTraining
import Testing

@Suite("Signal quality")
struct SignalQualityTests {
  private static func head(_ shape: Shape, _ kind: OutputKind? = .regression) -> Head {
    Head(name: "y", shape: shape, labels: nil, output: kind)
  }

  @Test("A common part of all samples is no signal")
  func common() throws {
    let wanted: [[Float]] = [[101, 100], [99, 100], [100, 101], [100, 99]]
    let flat = wanted.map { _ in [100, 100] as [Float] }
    let metrics = HeadMetrics(Self.head([1, 2]), outputs: flat, reference: wanted)
    // What varies is lost; as plain powers it would be 43 dB.
    #expect(try #require(metrics.signalToNoise) < 2)
    #expect(try #require(metrics.cosine) > 0.9999)
  }

  @Test("What does not vary, and a single sample, are judged as they are")
  func constants() throws {
    let constant = HeadMetrics(Self.head([1, 2]), outputs: [[1.1, 2], [1.1, 2]], reference: [[1, 2], [1, 2]])
    #expect(abs(try #require(constant.signalToNoise) - 26.99) < 0.01)
    let single = HeadMetrics(Self.head([1, 2]), outputs: [[1.1, 2]], reference: [[1, 2]])
    #expect(abs(try #require(single.signalToNoise) - 26.99) < 0.01)
    #expect(HeadMetrics(Self.head([1, 2]), outputs: [[1, 2]], reference: [[1, 2]]).signalToNoise == nil)
  }

  @Test(
    "Scores beside coordinates are a group of their own, in every layout",
    arguments: [([1, 9, 4, 4], 1), ([1, 4, 4, 9], 3), ([1, 9, 20], 1), ([1, 20, 9], 2), ([1, 9], 1)] as [(Shape, Int)])
  func groups(shape: Shape, axis: Int) throws {
    var random = SeededGenerator(seed: 3)
    let stride = shape.strides[axis]
    func isBox(_ index: Int) -> Bool { index / stride % 9 < 4 }
    let wanted = (0..<24).map { _ in
      (0..<shape.count).map {
        isBox($0) ? Float.random(in: 0...640, using: &random) : Float.random(in: 0...1, using: &random)
      }
    }
    // One scale for all: scores fall to 0.
    let step: Float = 640 / 255
    let outputs = wanted.map { $0.map { ($0 / step).rounded() * step } }
    let metrics = HeadMetrics(Self.head(shape), outputs: outputs, reference: wanted)
    #expect(try #require(metrics.signalToNoise) > 40, "as a whole")
    let found = try #require(metrics.groups)
    #expect(found.map(\.channels) == [[0, 1, 2, 3], [4, 5, 6, 7, 8]] && found.allSatisfy { $0.axis == axis })
    let lowest = try #require(metrics.lowestGroup)
    #expect(lowest.channels == [4, 5, 6, 7, 8] && (lowest.signalToNoise ?? 99) < 3)
    #expect(metrics.lowestSignalToNoise == lowest.signalToNoise)
  }

  @Test("States packed along the first axis are groups, and thousands of places are not")
  func states() throws {
    var random = SeededGenerator(seed: 4)
    let wanted = (0..<12).map { _ in (0..<16).map { Float.random(in: -1...1, using: &random) * ($0 < 8 ? 1 : 40) } }
    let states = HeadMetrics(Self.head([2, 1, 8]), outputs: wanted, reference: wanted)
    #expect(states.groups?.map(\.channels) == [[1], [0]] && states.groups?.first?.axis == 0)
    let places = [(0..<4000).map { $0 < 2000 ? 1 : 100 as Float }]
    #expect(HeadMetrics(Self.head([1, 4000]), outputs: places, reference: places).groups == nil)
  }

  @Test("Channels of smoothly different size, embeddings and class scores are one group")
  func whole() {
    let sizes: [Float] = [1, 3, 9, 27, 81]
    let wanted = (1...8).map { sample in sizes.map { $0 * Float(sample % 3 + 1) } }
    #expect(HeadMetrics(Self.head([1, 5]), outputs: wanted, reference: wanted).groups == nil)
    let far = wanted.map { [$0[0], $0[4] * 100] }
    #expect(HeadMetrics(Self.head([1, 2], .embedding), outputs: far, reference: far).groups == nil)
    #expect(HeadMetrics(Self.head([1, 2], .logits), outputs: far, reference: far).groups == nil)
    #expect(HeadMetrics(Self.head([1, 2]), outputs: far, reference: far).groups?.count == 2)
  }

  @Test("Samples that are not finite are counted, and nothing becomes NaN")
  func notFinite() throws {
    let head = Self.head([1, 2], .logits)
    let metrics = HeadMetrics(head, outputs: [[.nan, 1], [1, 2]], reference: [[1, 2], [1, 2]])
    #expect(metrics.notFinite == 1 && metrics.kl == nil && metrics.agreement == 0.5)
    #expect(metrics.signalToNoise == nil && metrics.uncertainty?.isFinite == true)
  }
}
