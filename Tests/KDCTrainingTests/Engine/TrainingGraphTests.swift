import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import KDCTraining
import Testing

@Suite("Training graph")
struct TrainingGraphTests {
  @Test("Gradients of a whole network are those of central differences along random directions")
  func centralDifferences() throws {
    let graph = try TinyNetwork.residual(seed: 11)
    let samples = TinyNetwork.images(4, seed: 12)
    let network = try TrainingGraph(graph, batch: 4)
    let inputs = try samples.batch([0, 1, 2, 3])
    let parameters = Parameters(graph.trainableParameters, of: graph)
    #expect(parameters.names == ["ab", "aw", "bb", "bw", "gb", "gw"])
    var random = SeededGenerator(seed: 13)
    let weights = (0..<12).map { _ in Float.random(in: -1...1, using: &random) }

    func loss(_ parameters: Parameters) throws -> Double {
      let values = try network.forward(inputs, parameters: parameters.tensors)["logits"]?.asFloats ?? []
      return zip(values, weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let gradients = try network.backward(
      try network.forward(inputs), outputGradients: ["logits": Tensor([4, 3], weights)],
      wanted: Set(parameters.names))
    for name in parameters.names {
      let index = try #require(parameters.names.firstIndex(of: name))
      let direction = parameters.values[index].map { _ in Float.random(in: -1...1, using: &random) }
      func moved(_ step: Float) -> Parameters {
        var copy = parameters
        copy.values[index] = zip(copy.values[index], direction).map { $0 + step * $1 }
        return copy
      }
      // Small, so that few activations pass their kink.
      let step: Float = 1 / 2048
      let expected = (try loss(moved(step)) - loss(moved(-step))) / Double(2 * step)
      let found = zip(try #require(gradients[name]?.floats), direction).reduce(0) { $0 + Double($1.0 * $1.1) }
      #expect(abs(found - expected) < 0.02 * max(1, abs(expected)), "\(name), seed 11")
    }
  }

  @Test("A value with several readers gets the sum of their gradients, and a wanted value in between its own")
  func severalReaders() throws {
    func add(_ name: String, _ a: String, _ b: String) -> Node {
      Node(name: name, opType: "Add", opset: 17, inputs: [a, b], outputs: [name])
    }
    let graph = Graph(
      name: "sum", opset: 17, inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, 2]))], outputs: ["z"],
      nodes: [add("y", "x", "x"), add("z", "y", "x")])
    let network = try TrainingGraph(graph)
    var seen: [Int] = []
    let gradients = try network.backward(
      try network.forward(["x": Tensor([1, 2], [1, 2] as [Float])]),
      outputGradients: ["z": Tensor([1, 2], [1, 10] as [Float])], wanted: ["x", "y"]
    ) { node, inputs in
      seen.append(node)
      #expect(inputs.count == 2 && inputs.allSatisfy { $0 != nil })
    }
    #expect(gradients["x"]?.floats == [3, 30])
    #expect(gradients["y"]?.floats == [1, 10])
    #expect(seen == [1, 0])
  }

  @Test("A node without a gradient between weights and outputs is named; one that ends in integers is no fault")
  func notDifferentiable() throws {
    var graph = try TinyNetwork.residual(seed: 1)
    graph.nodes.append(Node(name: "round", opType: "Round", opset: 17, inputs: ["logits"], outputs: ["rounded"]))
    graph.nodes.append(Node(name: "best", opType: "ArgMax", opset: 17, inputs: ["logits"], outputs: ["class"]))
    graph.outputs = ["logits", "class"]
    try graph.inferTypes()
    try TrainingGraph(graph).check(wanted: graph.trainableParameters)
    graph.outputs = ["rounded"]
    let network = try TrainingGraph(graph)
    let list = try #require(throws: DiagnosticList.self) { try network.check(wanted: graph.trainableParameters) }
    #expect(list.all.map(\.id) == [.notDifferentiable])
    #expect(list.all[0].place?.detail?.contains("'round'") == true)
  }

  @Test("A graph is batched with the shapes that its constants hold, and computes for each sample what it did alone")
  func batching() throws {
    let graph = try TinyNetwork.residual(seed: 3)
    let samples = TinyNetwork.images(10, seed: 4)
    let chunked = try ChunkedGraph(graph, chunkSize: 4, checkedOn: samples)
    #expect(chunked.chunkSize == 4)
    #expect(chunked.chunks(of: 10) == [0..<4, 4..<8, 8..<9, 9..<10])
    let together = try #require(try chunked.outputs(of: Array(0..<10), from: samples, threads: 2)["logits"])
    #expect(together.shape == [10, 3])
    let single = try TrainingGraph(graph)
    let apart = try (0..<10).flatMap { try single.outputs(of: [$0], from: samples)["logits"]?.asFloats ?? [] }
    #expect(zip(together.asFloats, apart).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test("A graph that mixes samples when batched is run sample by sample")
  func notBatchable() throws {
    let graph = Graph(
      name: "mix", opset: 17, inputs: [ValueInfo(name: "image", type: TensorType(.float32, [1, 1, 6, 6]))],
      outputs: ["y"],
      nodes: [
        Node(
          name: "mean", opType: "ReduceMean", opset: 13, inputs: ["image"], outputs: ["m"],
          attributes: ["axes": .ints([0]), "keepdims": .int(1)]),
        Node(name: "y", opType: "Add", opset: 17, inputs: ["image", "m"], outputs: ["y"]),
      ])
    let samples = TinyNetwork.images(5, seed: 5)
    #expect(try ChunkedGraph(graph, chunkSize: 4, checkedOn: samples).chunkSize == 1)
  }
}
