import KDCCompression
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import KDCTraining
import Testing

@Suite("4-bit weights")
struct Int4Tests {
  private func options(_ edit: (inout Quantizer.Options) -> Void) -> Quantizer.Options {
    var options = Quantizer.Options()
    options.defaultWeightBits = 4
    edit(&options)
    return options
  }

  private func signalToNoise(_ result: Quantizer.Result) throws -> Double {
    let head = Head(name: "logits", shape: [1, 5], labels: nil)
    let metrics = HeadMetrics(
      head, outputs: (result.quantizedOutputs["logits"] ?? []).map(\.asFloats),
      reference: (result.floatOutputs["logits"] ?? []).map(\.asFloats))
    return try #require(metrics.signalToNoise)
  }

  @Test("Weights of 4 bits are in −7...7 and say so; a layer may keep 8")
  func range() throws {
    let graph = try QuantizerTests.graph(seed: 1)
    let result = try Quantizer.quantize(
      graph, samples: QuantizerTests.samples(20, seed: 2), options: options { $0.weightBits = ["fc": 8] }
    ).graph
    for node in result.nodes where node.domain == "com.microsoft" {
      let name = try #require(node.input(1))
      guard case .int8(let values)? = result.initializers[name]?.elements else {
        Issue.record("\(name) is not int8")
        continue
      }
      let largest = values.map { abs(Int($0)) }.max() ?? 0
      #expect(result.quantization[name]?.bits == (node.name == "fc" ? 8 : 4))
      #expect(node.name == "fc" ? largest > 7 : largest <= 7 && largest > 4, "\(name)")
    }
  }

  @Test("Error feedback keeps the outputs closer than rounding to nearest, also on samples that it has not seen")
  func feedback() throws {
    let graph = try QuantizerTests.graph(seed: 3)
    let samples = QuantizerTests.samples(60, seed: 4)
    let nearest = try Quantizer.quantize(graph, samples: samples, options: options { $0.feedbackBits = 0 })
    let found = try Quantizer.quantize(graph, samples: samples, options: options { _ in })
    #expect(try signalToNoise(found) > signalToNoise(nearest) + 2, "seeds 3, 4")
  }

  @Test("The result does not depend on the number of threads")
  func threads() throws {
    let graph = try QuantizerTests.graph(seed: 5)
    let samples = QuantizerTests.samples(20, seed: 6)
    let one = try Quantizer.quantize(graph, samples: samples, options: options { $0.threads = 1 }).graph
    let four = try Quantizer.quantize(graph, samples: samples, options: options { $0.threads = 4 }).graph
    for (name, tensor) in one.initializers {
      #expect(four.initializers[name]?.littleEndianBytes == tensor.littleEndianBytes, "\(name)")
    }
  }

  @Test("Grouped and depthwise convolutions are rounded group by group")
  func groups() throws {
    var generator = SeededGenerator(seed: 7)
    func random(_ shape: Shape) -> Tensor {
      Tensor(shape, (0..<shape.count).map { _ in Float.random(in: -1...1, using: &generator) })
    }
    func conv(_ name: String, _ input: String, _ output: String, group: Int) -> Node {
      Node(
        name: name, opType: "FusedConv", domain: "com.microsoft", opset: 1, inputs: [input, name + ".w", name + ".b"],
        outputs: [output],
        attributes: ["kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]), "group": .int(Int64(group))])
    }
    var graph = Graph(
      name: "groups", opset: 17, inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, 4, 6, 6]))],
      outputs: ["y"], nodes: [conv("g", "x", "a", group: 2), conv("d", "a", "y", group: 4)],
      initializers: [
        "g.w": random([4, 2, 3, 3]), "g.b": random([4]), "d.w": random([4, 1, 3, 3]), "d.b": random([4]),
      ])
    try graph.inferTypes()
    // Neighbours are alike, as in images.
    let samples = (0..<30).map { _ in
      let (level, slope, noise) = (random([4]).asFloats, random([4]).asFloats, random([1, 4, 6, 6]).asFloats)
      var values: [Float] = []
      for index in 0..<144 {
        let ramp: Float = slope[index / 36] * Float(index % 6)
        values.append(level[index / 36] + ramp / 6 + noise[index] / 5)
      }
      return ["x": Tensor([1, 4, 6, 6], values)]
    }
    func noise(_ feedbackBits: Int, weightBits: Int = 4) throws -> Double {
      let result = try Quantizer.quantize(
        graph, samples: samples,
        options: options { ($0.feedbackBits, $0.defaultWeightBits) = (feedbackBits, weightBits) })
      var sum = 0.0
      for (x, y) in zip(result.quantizedOutputs["y"] ?? [], result.floatOutputs["y"] ?? []) {
        for (a, b) in zip(x.asFloats, y.asFloats) {
          let difference = Double(a - b)
          sum += difference * difference
        }
      }
      return sum
    }
    #expect(try noise(4) < noise(0) * 0.8, "seed 7")
    #expect(try noise(8, weightBits: 8) < noise(4, weightBits: 8), "seed 7")
    #expect(try noise(4, weightBits: 8) == noise(0, weightBits: 8))
  }

  @Test("A node that is to stay float keeps its weights")
  func float() throws {
    let graph = try QuantizerTests.graph(seed: 8)
    let result = try Quantizer.quantize(
      graph, samples: QuantizerTests.samples(10, seed: 9), options: options { $0.floatNodes = ["a": "asked for"] }
    ).graph
    #expect(result.initializers["a.w"]?.dataType == .float32)
    #expect(result.initializers["b.w"] == nil)
  }

  // MARK: Bits for each layer

  @Test("auto measures every layer on held-out samples and gives a reason for each")
  func auto() throws {
    let graph = try QuantizerTests.graph(seed: 10)
    var told: [String] = []
    let found = try BitAllocation.run(
      graph, samples: QuantizerTests.samples(60, seed: 11), bits: .auto(sizeLimit: nil), options: .init()
    ) { told.append($0) }
    #expect(found.decisions.map(\.node) == ["a", "b", "fc"])
    for decision in found.decisions {
      let (four, eight) = (try #require(decision.sensitivity4), try #require(decision.sensitivity8))
      #expect(four > eight && eight >= 0, "\(decision)")
      #expect(!decision.reason.isEmpty && [4, 8].contains(decision.bits))
      let weights = try #require(found.result.graph.nodes.first { $0.name == decision.node }?.input(1))
      #expect(found.result.graph.quantization[weights]?.bits == decision.bits)
    }
    let held = try #require(found.heldOut)
    #expect(held.chosen <= held.int8 * 1.5 + 0.001)
    #expect(told.count > 1)
  }

  @Test("A size limit takes as few layers to 4 bits as it needs, the least sensitive bytes first")
  func sizeLimit() throws {
    let graph = try QuantizerTests.graph(seed: 12)
    let samples = QuantizerTests.samples(40, seed: 13)
    func bits(_ limit: Int) throws -> [Int] {
      try BitAllocation.run(graph, samples: samples, bits: .auto(sizeLimit: limit), options: .init()).decisions.map(
        \.bits)
    }
    #expect(try bits(1 << 20) == [8, 8, 8])
    // The fully connected layer has most of the weights: nothing else makes room for 900 bytes less.
    let some = try bits(1000)
    #expect(some[2] == 4 && some.contains(8))
    #expect(try bits(1) == [4, 4, 4])
  }

  @Test("A layer whose output int8 cannot hold stays float, with those that read it")
  func fallback() throws {
    var graph = try QuantizerTests.graph(seed: 14)
    graph.nodes = graph.nodes.filter { ["a", "flat", "fc"].contains($0.name) }
    graph.nodes[1].inputs = ["ya"]
    // One channel a thousand times the others, which the next layer takes back.
    var (weights, bias) = (
      try #require(graph.initializers["a.w"]?.floats), try #require(graph.initializers["a.b"]?.floats)
    )
    for index in 0..<18 { weights[index] *= 1000 }
    bias[0] *= 1000
    graph.initializers["a.w"] = Tensor([4, 2, 3, 3], weights)
    graph.initializers["a.b"] = Tensor([4], bias)
    var large: [Float] = []
    for index in 0..<720 {
      let value = Float(index * 37 % 101) - 50
      large.append(index % 144 < 36 ? value / 100_000 : value / 100)
    }
    graph.initializers["fc.w"] = Tensor([5, 144], large)
    try graph.inferTypes()
    let samples = QuantizerTests.samples(40, seed: 15)
    var options = Quantizer.Options()
    let int8 = try Quantizer.quantize(graph, samples: samples, options: options)
    options.floatNodes = try FloatFallback.nodes(graph, samples: samples, result: int8, options: options)
    #expect(options.floatNodes.keys.sorted() == ["a", "fc"])
    #expect(options.floatNodes["a"]?.contains("in float the model's distance falls") == true)
    let found = try BitAllocation.run(graph, samples: samples, bits: .auto(sizeLimit: nil), options: options)
    #expect(found.decisions.map(\.bits) == [32, 32])
    #expect(found.decisions[0].reason.contains("float"))
    #expect(found.result.graph.initializers["a.w"] != nil)
  }

  @Test("A model that int8 hardly changes keeps no layer in float")
  func noFallback() throws {
    let graph = try QuantizerTests.graph(seed: 14)
    let samples = QuantizerTests.samples(40, seed: 15)
    let int8 = try Quantizer.quantize(graph, samples: samples, options: .init())
    #expect(try FloatFallback.nodes(graph, samples: samples, result: int8, options: .init()).isEmpty)
  }

  @Test("int4 leaves layers with few weights a channel at 8 bits and says why")
  func small() throws {
    var graph = try QuantizerTests.graph(seed: 16)
    graph.nodes[0].attributes["kernel_shape"] = .ints([1, 1])
    graph.nodes[0].attributes["pads"] = .ints([0, 0, 0, 0])
    graph.initializers["a.w"] = Tensor([4, 2, 1, 1], (0..<8).map { Float($0) / 8 })
    try graph.inferTypes()
    let found = try BitAllocation.run(
      graph, samples: QuantizerTests.samples(20, seed: 17), bits: .int4, options: .init())
    #expect(found.decisions.map(\.bits) == [8, 4, 4])
    #expect(found.decisions[0].reason.contains("2 weights a channel"))
    #expect(found.heldOut == nil)
  }
}
