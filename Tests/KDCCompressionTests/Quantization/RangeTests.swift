import KDCGraph
import KDCTensor
import KDCTestSupport
import Testing

import Glibc
import KDCCompression

@Suite("Ranges and rounding")
struct RangeTests {
  @Test("Zero is represented exactly and the range is covered, whatever the range", arguments: 0..<200)
  func zeroIsExact(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let low = Double.random(in: -10...5, using: &generator)
    let high = low + Double.random(in: 0...10, using: &generator)
    let parameters = QuantizationParameters(low: low, high: high)
    let values = Tensor([3], [0, Float(low), Float(high)])
    let rounded = parameters.fakeQuantized(values).floats ?? []
    #expect(rounded[0] == 0, "seed \(seed)")
    #expect((-128...127).contains(parameters.zeroPoint))
    for (value, result) in zip(values.floats ?? [], rounded) {
      #expect(abs(value - result) <= parameters.scale * 1.001, "seed \(seed): \(value) became \(result)")
    }
  }

  @Test("A Relu's output uses all 256 steps above zero")
  func relu() {
    let parameters = QuantizationParameters(low: 0, high: 25.5)
    #expect(parameters.zeroPoint == -128)
    #expect(abs(parameters.scale - 0.1) < 1e-6)
    #expect(QuantizationParameters(low: 0, high: 0).scale > 0)
  }

  @Test("The range of least error has less error than the full range where there are outliers")
  func leastError() throws {
    let seed: UInt64 = 3
    var generator = SeededGenerator(seed: seed)
    // Laplace's distribution: with this many values the farthest are not worth the coarser steps.
    let values = (0..<400_000).map { _ in
      let u = Double.random(in: 1e-9...1, using: &generator)
      return Float(Bool.random(using: &generator) ? log(u) : -log(u))
    }
    let sample = Tensor([1, 400_000], values)
    func error(_ method: RangeMethod) throws -> Float {
      let (low, high) = try Histogram.extremes(of: [sample], threads: 1)
      let range = try method.range(of: Histogram(of: [sample], low: low, high: high, threads: 1))
      let rounded = QuantizationParameters(low: range.low, high: range.high).fakeQuantized(sample).floats ?? []
      return zip(values, rounded).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    #expect(try error(.meanSquaredError) < error(.minMax), "seed \(seed)")
  }

  @Test("Histograms do not depend on the number of threads")
  func threads() throws {
    var generator = SeededGenerator(seed: 5)
    let samples = (0..<7).map { _ in Tensor([100], (0..<100).map { _ in Float.random(in: -2...3, using: &generator) }) }
    let (low, high) = try Histogram.extremes(of: samples, threads: 3)
    let one = try Histogram(of: samples, low: low, high: high, threads: 1)
    #expect(try Histogram(of: samples, low: low, high: high, threads: 4).counts == one.counts)
    #expect(one.counts.reduce(0, +) == 700)
  }

  @Test("Weights of each channel stay within half a step, on both axes", arguments: [0, 1])
  func weights(axis: Int) throws {
    var generator = SeededGenerator(seed: 9)
    let values = (0..<24).map { Float.random(in: -1...1, using: &generator) * Float($0 + 1) }
    let tensor = Tensor([4, 3, 2], values)
    let result = try WeightQuantization(
      tensor, axis: axis, bias: nil, inputScale: 0.1, searchesError: false, threads: 2)
    #expect(result.parameters.scales.count == tensor.shape[axis])
    #expect(result.quantized.shape == tensor.shape)
    let largest = result.parameters.scales.max() ?? 0
    for (value, rounded) in zip(values, result.dequantized.floats ?? []) {
      #expect(abs(value - rounded) <= largest * 0.501, "seed 9")
    }
  }

  @Test("A channel of zeros gets a scale under which its bias fits an int32")
  func deadChannel() throws {
    let weights = Tensor([2, 2], [1, -1, 0, 0] as [Float])
    let result = try WeightQuantization(
      weights, axis: 0, bias: [0, 3], inputScale: 0.01, searchesError: true, threads: 1)
    #expect(3 / (0.01 * result.parameters.scales[1]) < 0x1p30)
    #expect(result.dequantized.floats?[2...] == [0, 0])
  }
}
