import Glibc
import KDCCompression
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite("Channel equalisation")
struct ChannelEqualizationTests {
  /// Factors 1 to `spread`, in no order.
  private static func factors(_ count: Int, _ spread: Float) -> [Float] {
    (0..<count).map { exp(log(spread) * Float($0 * 7 % count) / Float(count - 1)) }
  }

  /// Convolution, depthwise convolution, convolution with rectifiers between; hidden channels of sizes 1 to `spread`.
  private static func chain(_ spread: Float) -> QuantizedCase {
    var c = QuantizedCase(seed: 3)
    for (name, shape, scale) in [
      ("w", [16, 8, 3, 3], 0.2), ("d", [16, 1, 3, 3], 0.4), ("p", [16, 16, 1, 1], 0.3), ("f", [10, 16], 0.4),
    ] as [(String, Shape, Float)] { c.weight(name, shape, scale: scale) }
    let (s, t) = (factors(16, spread), factors(16, spread).reversed() as [Float])
    func scaled(_ name: String, _ factor: (Int) -> Float) {
      guard let tensor = c.graph.initializers[name], let values = tensor.floats else { return }
      c.graph.initializers[name] = Tensor(tensor.shape, values.enumerated().map { $1 * factor($0) })
    }
    scaled("w") { s[$0 / 72] }
    scaled("d") { t[$0 / 9] / s[$0 / 9] }
    scaled("p") { 1 / t[$0 % 16] }
    c.node("Conv", ["x", "w"], "h", with: ["pads": .ints([1, 1, 1, 1])])
    c.node("Relu", ["h"], "hr")
    c.node("Conv", ["hr", "d"], "i", with: ["pads": .ints([1, 1, 1, 1]), "group": .int(16)])
    c.node("Relu", ["i"], "ir")
    c.node("Conv", ["ir", "p"], "j")
    c.node("Relu", ["j"], "jr")
    c.node("GlobalAveragePool", ["jr"], "g")
    c.node("Flatten", ["g"], "gf")
    c.node("Gemm", ["gf", "f"], "y", with: ["transB": .int(1)])
    c.graph.outputs = ["y"]
    return c
  }

  private static func equalized(_ graph: Graph, _ samples: [[String: Tensor]]) throws -> Graph {
    try ChannelEqualization.betweenLayers(of: graph, samples: samples, options: .init())?.graph ?? graph
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  @Test("Hidden channels of unequal size cost next to nothing", arguments: [10, 100, 1000] as [Float])
  func unequal(spread: Float) throws {
    var (even, uneven) = (Self.chain(1), Self.chain(spread))
    let wanted = Self.mean(try even.decibels("y", axis: 1, prepare: Self.equalized))
    let plain = Self.mean(try uneven.decibels("y", axis: 1))
    let found = Self.mean(try uneven.decibels("y", axis: 1, prepare: Self.equalized))
    #expect(found > wanted - 5, "\(plain) dB without, \(found) with, \(wanted) with equal channels")
    #expect(found > plain)
  }

  @Test("A model with even channels is left alone")
  func even() throws {
    var c = Self.chain(1)
    let result = try ChannelEqualization.betweenLayers(of: c.canonical(), samples: c.samples(16), options: .init())
    #expect(result == nil)
  }

  @Test("Equalised layers compute what they did")
  func exact() throws {
    var c = Self.chain(100)
    let graph = try c.canonical()
    let result = try #require(
      try ChannelEqualization.betweenLayers(of: graph, samples: c.samples(32), options: .init()))
    #expect(result.layers == ["h", "i"])
    for sample in c.samples(4) {
      let wanted = try #require(try GraphEvaluator(graph).run(inputs: sample)["y"]?.floats)
      let found = try #require(try GraphEvaluator(result.graph).run(inputs: sample)["y"]?.floats)
      #expect(zip(wanted, found).allSatisfy { abs($0 - $1) < 1e-4 })
    }
  }

  private static func scaledOutputs(_ graph: Graph, _ samples: [[String: Tensor]]) throws -> Graph {
    try ChannelEqualization.outputs(of: graph, samples: samples, threads: 1)?.graph ?? graph
  }

  /// One convolution whose channels are of sizes 1 to `spread`.
  private static func mixed(_ spread: Float) -> QuantizedCase {
    var c = QuantizedCase(seed: 5)
    c.weight("w", [10, 8, 1, 1], scale: 0.3)
    let factors = factors(10, spread)
    if let values = c.graph.initializers["w"]?.floats {
      c.graph.initializers["w"] = Tensor([10, 8, 1, 1], values.enumerated().map { $1 * factors[$0 / 8] })
    }
    c.node("Conv", ["x", "w"], "t")
    return c
  }

  @Test("Channels of one output that differ in size get a scale each", arguments: [10, 1000, 100_000] as [Float])
  func outputs(spread: Float) throws {
    var c = Self.mixed(spread)
    c.integers("shape", [1, 2, 5, 36])
    c.node("Reshape", ["t", "shape"], "r")
    c.node("Transpose", ["r"], "y", with: ["perm": .ints([0, 1, 3, 2])])
    c.graph.outputs = ["y"]
    let found = try c.decibels("y", axis: 3, prepare: Self.scaledOutputs)
    #expect(found.allSatisfy { $0 > 33 }, "\(found)")
  }

  @Test("So they do where a function follows on a part of them, or a mean")
  func parts() throws {
    var c = Self.mixed(1000)
    c.integers("parts", [4, 6])
    c.node("Relu", ["t"], "tr")
    c.node("Split", ["tr", "parts"], "a", "b", with: ["axis": .int(1)])
    c.node("Sigmoid", ["a"], "as")
    c.node("GlobalAveragePool", ["t"], "g")
    c.node("Concat", ["as", "b"], "y", with: ["axis": .int(1)])
    c.graph.outputs = ["y"]
    let found = try c.decibels("y", axis: 1, prepare: Self.scaledOutputs)
    // Channel 1 is of size 215: one step of its int8 is most of the way on which the sigmoid rises.
    for (channel, decibels) in found.enumerated() { #expect(decibels > (channel == 1 ? 25 : 35), "\(found)") }
    c.graph.outputs = ["g"]
    let means = try c.decibels("g", axis: 1, prepare: Self.scaledOutputs)
    #expect(means.allSatisfy { $0 > 25 }, "\(means)")
  }

  @Test("A channel that few samples show is given room for what others will")
  func seldom() throws {
    var c = QuantizedCase(seed: 5, input: [1, 3, 1, 1])
    c.constant("w", [3, 3, 1, 1], [1, 0, 0, 0, 1, 0, 0, 0, 1])
    c.node("Conv", ["x", "w"], "y")
    c.graph.outputs = ["y"]
    // The second channel is 0 but for one sample; the third is as small, always.
    let samples = (0..<16).map { ["x": Tensor([1, 3, 1, 1], [1, $0 == 5 ? 0.1 : 0, 0.1])] }
    let graph = try Self.scaledOutputs(try c.canonical(), samples)
    let factors = graph.initializers.first { $0.key.contains(".channels") }?.value.floats
    #expect(factors == [1, 1, 0.1])
  }

  @Test("A state that is an output and goes on inside is scaled for both")
  func state() throws {
    var c = Self.mixed(300)
    c.weight("v", [3, 10, 1, 1])
    c.node("Relu", ["t"], "h")
    c.node("Conv", ["h", "v"], "y")
    c.graph.outputs = ["h", "y"]
    let graph = try Self.scaledOutputs(try c.canonical(), c.samples(32))
    #expect(graph.verify().isEmpty)
    #expect(graph.nodes.map(\.opType) == ["FusedConv", "Mul", "FusedConv"])
    let found = try c.decibels("h", axis: 1, prepare: Self.scaledOutputs)
    #expect(found.allSatisfy { $0 > 33 }, "\(found)")
  }
}
