import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import KDCTraining
import Testing

@Suite("Quantizer")
struct QuantizerTests {
  /// conv (Relu) → concat with another conv of the same input → flatten → fully connected.
  static func graph(seed: UInt64) throws -> Graph {
    var generator = SeededGenerator(seed: seed)
    func random(_ shape: Shape, _ size: Float) -> Tensor {
      Tensor(shape, (0..<shape.count).map { _ in Float.random(in: -size...size, using: &generator) })
    }
    func conv(_ name: String, _ input: String, _ output: String, relu: Bool) -> Node {
      Node(
        name: name, opType: "FusedConv", domain: "com.microsoft", opset: 1,
        inputs: [input, name + ".w", name + ".b"], outputs: [output],
        attributes: [
          "kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]),
          "activation": relu ? .string("Relu") : .string(""),
        ].filter { relu || $0.key != "activation" })
    }
    var graph = Graph(
      name: "small", opset: 17, inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, 2, 6, 6]))],
      outputs: ["logits"],
      nodes: [
        conv("a", "x", "ya", relu: true), conv("b", "x", "yb", relu: false),
        Node(
          name: "cat", opType: "Concat", opset: 17, inputs: ["ya", "yb"], outputs: ["yc"], attributes: ["axis": .int(1)]
        ),
        Node(name: "flat", opType: "Flatten", opset: 17, inputs: ["yc"], outputs: ["yf"]),
        Node(
          name: "fc", opType: "FusedGemm", domain: "com.microsoft", opset: 1, inputs: ["yf", "fc.w", "fc.b"],
          outputs: ["logits"]),
      ],
      initializers: [
        "a.w": random([4, 2, 3, 3], 0.5), "a.b": random([4], 0.2), "b.w": random([3, 2, 3, 3], 2),
        "b.b": random([3], 0.2),
        "fc.w": random([5, 252], 0.1), "fc.b": random([5], 1),
      ])
    try graph.inferTypes()
    return graph
  }

  static func samples(_ count: Int, seed: UInt64) -> [[String: Tensor]] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      ["x": Tensor([1, 2, 6, 6], (0..<72).map { _ in Float.random(in: 0...1, using: &generator) })]
    }
  }

  @Test("Weights become int8, every activation has a range, and the outputs stay close")
  func whole() throws {
    let graph = try Self.graph(seed: 1)
    let result = try Quantizer.quantize(graph, samples: Self.samples(20, seed: 2), options: .init())
    for node in result.graph.nodes where node.domain == "com.microsoft" {
      let weights = try #require(node.input(1))
      #expect(result.graph.initializers[weights]?.dataType == .int8)
      let axis = try #require(result.graph.initializers[weights]?.shape[0])
      #expect(result.graph.quantization[weights]?.scales.count == axis)
      #expect(result.graph.initializers[try #require(node.input(2))]?.dataType == .float32)
    }
    for name in ["x", "ya", "yb", "yc", "yf", "logits"] { #expect(result.graph.quantization[name] != nil, "\(name)") }
    #expect(result.graph.initializers["a.w"] == nil)
    let head = Head(name: "logits", shape: [1, 5], labels: nil)
    let metrics = HeadMetrics(
      head, outputs: (result.quantizedOutputs["logits"] ?? []).map(\.asFloats),
      reference: (result.floatOutputs["logits"] ?? []).map(\.asFloats))
    #expect(try #require(metrics.signalToNoise) > 25, "seeds 1, 2")
  }

  @Test("The inputs of a Concat share its output's parameters, and data movement its input's")
  func sharing() throws {
    let result = try Quantizer.quantize(
      try Self.graph(seed: 3), samples: Self.samples(8, seed: 4), options: .init())
    let parameters = try #require(result.graph.quantization["yc"])
    #expect(result.graph.quantization["ya"] == parameters)
    #expect(result.graph.quantization["yb"] == parameters)
    #expect(result.graph.quantization["yf"] == parameters)
  }

  @Test("The result does not depend on the number of threads")
  func threads() throws {
    let graph = try Self.graph(seed: 5)
    var options = Quantizer.Options()
    let one = try Quantizer.quantize(graph, samples: Self.samples(9, seed: 6), options: options).graph
    options.threads = 4
    let four = try Quantizer.quantize(graph, samples: Self.samples(9, seed: 6), options: options).graph
    #expect(one.quantization == four.quantization)
    for (name, tensor) in one.initializers {
      #expect(four.initializers[name]?.littleEndianBytes == tensor.littleEndianBytes, "\(name)")
    }
  }

  @Test("Bias correction brings the means of a layer's outputs together")
  func biasCorrection() throws {
    let result = try Quantizer.quantize(
      try Self.graph(seed: 7), samples: Self.samples(40, seed: 8), options: .init())
    func mean(_ outputs: [Tensor]?, _ channel: Int) -> Float {
      let values = (outputs ?? []).map { $0.asFloats[channel] }
      return values.reduce(0, +) / Float(values.count)
    }
    let step = try #require(result.graph.quantization["logits"]?.scale)
    for channel in 0..<5 {
      let difference = mean(result.floatOutputs["logits"], channel) - mean(result.quantizedOutputs["logits"], channel)
      #expect(abs(difference) < step / 2, "seeds 7, 8, channel \(channel)")
    }
  }

  @Test("What is pooled and scaled where no layer computes in int8 stays float")
  func noLayer() throws {
    var c = QuantizedCase(seed: 6)
    c.weight("scale", [8])
    c.node("GlobalAveragePool", ["x"], "p")
    c.node("Flatten", ["p"], "f")
    c.node("Mul", ["f", "scale"], "y")
    c.graph.outputs = ["y"]
    let alone = try Quantizer.quantize(try c.canonical(), samples: c.samples(8), options: .init())
    #expect(alone.graph.quantization.isEmpty)
    c.weight("w", [4, 8], scale: 0.3)
    c.node("Gemm", ["y", "w"], "z", with: ["transB": .int(1)])
    c.graph.outputs = ["z"]
    let read = try Quantizer.quantize(try c.canonical(), samples: c.samples(8), options: .init())
    #expect(read.graph.quantization["x"] != nil)
  }

  @Test("Bias correction counts what rounding the model's input does to a constant background")
  func background() throws {
    var c = QuantizedCase(seed: 4)
    c.weight("w", [4, 8, 3, 3], scale: 0.3)
    c.node("Conv", ["x", "w"], "y")
    c.graph.outputs = ["y"]
    // Seven channels that are the same everywhere: their rounding does not average out.
    let samples = c.samples(32).map { sample in
      sample.mapValues { x in
        Tensor(x.shape, x.asFloats.enumerated().map { $0 < 7 * 36 ? 0.4242 + 0.1 * Float($0 / 36) : $1 })
      }
    }
    let result = try Quantizer.quantize(try c.canonical(), samples: samples, options: .init())
    let step = try #require(result.graph.quantization["y"]?.scale)
    func means(_ outputs: [Tensor]?) -> [Float] {
      (0..<4).map { channel in
        let values = (outputs ?? []).flatMap { $0.asFloats[channel * 16..<(channel + 1) * 16] }
        return values.reduce(0, +) / Float(values.count)
      }
    }
    let differences = zip(means(result.floatOutputs["y"]), means(result.quantizedOutputs["y"])).map { abs($0 - $1) }
    #expect(differences.allSatisfy { $0 < step / 8 }, "\(differences), step \(step)")
  }

  @Test("A model that computes infinity on the samples is a diagnostic that names the node")
  func infinite() throws {
    var graph = try Self.graph(seed: 9)
    graph.initializers["a.b"] = Tensor([4], [Float](repeating: .infinity, count: 4))
    let samples = Self.samples(2, seed: 10)
    let fault = #expect(throws: Diagnostic.self) { try Quantizer.quantize(graph, samples: samples, options: .init()) }
    #expect(fault?.id == .nonFiniteActivation)
    #expect(fault?.place != nil)
  }
}
