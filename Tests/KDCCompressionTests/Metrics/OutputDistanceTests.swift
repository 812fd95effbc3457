import KDCCompression
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite("Output distance")
struct OutputDistanceTests {
  /// x [1,24] → hidden [1,32] → y [1,16], the weights small, so that a softmax of y is nearly even.
  private static func encoder() throws -> Graph {
    var random = SeededGenerator(seed: 11)
    func weights(_ dims: Int...) -> Tensor {
      Tensor(Shape(dims), (0..<dims.reduce(1, *)).map { _ in Float.random(in: -0.1...0.1, using: &random) })
    }
    func layer(_ name: String, _ input: String, _ attributes: [String: Attribute] = [:]) -> Node {
      Node(
        name: name, opType: "FusedGemm", domain: "com.microsoft", opset: 1, inputs: [input, name + ".w", name + ".b"],
        outputs: [name], attributes: attributes)
    }
    var graph = Graph(
      name: "encoder", opset: 17, inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, 24]))], outputs: ["y"],
      nodes: [layer("h", "x", ["activation": .string("Relu")]), layer("y", "h")],
      initializers: ["h.w": weights(32, 24), "h.b": weights(32), "y.w": weights(16, 32), "y.b": weights(16)])
    try graph.inferTypes()
    return graph
  }

  private static func samples(_ count: Int) -> [[String: Tensor]] {
    var random = SeededGenerator(seed: 12)
    return (0..<count).map { _ in
      ["x": Tensor([1, 24], (0..<24).map { _ in Float.random(in: -1...1, using: &random) })]
    }
  }

  private static func distance(_ graph: Graph, bits: Int, _ kind: OutputKind?) throws -> Double {
    var graph = graph
    graph.outputKinds["y"] = kind
    var options = Quantizer.Options()
    options.defaultWeightBits = bits
    options.feedbackBits = 0
    let result = try Quantizer.quantize(graph, samples: samples(64), options: options)
    return OutputDistance.mean(result, teacher: nil, outputs: graph.outputs, types: graph.types)
  }

  @Test("The distance of an embedding rises with what it loses, whether or not something says that it is one")
  func embeddings() throws {
    let graph = try Self.encoder()
    for kind in [OutputKind.embedding, nil, .regression] {
      let (eight, four) = (try Self.distance(graph, bits: 8, kind), try Self.distance(graph, bits: 4, kind))
      #expect(eight < 0.002 && four > 0.004 && four > 10 * eight, "\(eight) \(four)")
    }
  }

  @Test("Four bits that an embedding cannot spare are not accepted, though its softmax hardly changes")
  func decision() throws {
    let graph = try Self.encoder()
    let allocation = try BitAllocation.run(
      graph, samples: Self.samples(64), bits: .auto(sizeLimit: nil), options: .init())
    let (int8, chosen) = try #require(allocation.heldOut)
    #expect(chosen <= int8 * 1.5 + 0.001)
    let result = allocation.result
    #expect(OutputDistance.mean(result, teacher: nil, outputs: graph.outputs, types: graph.types) < 0.01)
    #expect(allocation.decisions.contains { $0.bits == 8 }, "\(allocation.decisions)")
  }

  @Test("Outputs that are not finite are infinitely far")
  func notFinite() throws {
    var result = try Quantizer.quantize(try Self.encoder(), samples: Self.samples(8), options: .init())
    result.quantizedOutputs["y"] = (0..<8).map { _ in Tensor([1, 16], [Float](repeating: .nan, count: 16)) }
    let types = result.graph.types
    #expect(OutputDistance.mean(result, teacher: nil, outputs: ["y"], types: types) == .infinity)
  }

  @Test("Scores count by their divergence where that is larger than the noise, in every form alike")
  func scores() throws {
    var graph = try Self.encoder()
    // Larger logits: answers change.
    graph.initializers["y.w"] = Tensor([16, 32], (graph.initializers["y.w"]?.asFloats ?? []).map { $0 * 300 })
    let logits = try Self.distance(graph, bits: 4, .logits)
    #expect(logits > (try Self.distance(graph, bits: 4, nil)))
  }
}
