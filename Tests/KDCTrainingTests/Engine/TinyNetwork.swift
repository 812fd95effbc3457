import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import KDCTraining

/// Small networks of the canonical form, with weights from a seed.
enum TinyNetwork {
  /// image [1,1,6,6] → two 3×3 convolutions with a residual → mean → Reshape [1,4] → logits [1,3].
  static func residual(seed: UInt64) throws -> Graph {
    var random = SeededGenerator(seed: seed)
    func weights(_ dims: Int...) -> Tensor {
      Tensor(Shape(dims), (0..<dims.reduce(1, *)).map { _ in Float.random(in: -0.6...0.6, using: &random) })
    }
    let relu: [String: Attribute] = ["activation": .string("Relu"), "pads": .ints([1, 1, 1, 1])]
    func node(_ name: String, _ op: String, _ domain: String, _ inputs: [String], _ attributes: [String: Attribute])
      -> Node
    {
      Node(
        name: name, opType: op, domain: domain, opset: domain.isEmpty ? 17 : 1, inputs: inputs, outputs: [name],
        attributes: attributes)
    }
    var graph = Graph(
      name: "tiny", opset: 17,
      inputs: [ValueInfo(name: "image", type: TensorType(.float32, [1, 1, 6, 6]))], outputs: ["logits"],
      nodes: [
        node("a", "FusedConv", "com.microsoft", ["image", "aw", "ab"], relu),
        node("b", "FusedConv", "com.microsoft", ["a", "bw", "bb", "a"], relu),
        node("mean", "GlobalAveragePool", "", ["b"], [:]),
        node("flat", "Reshape", "", ["mean", "flat_shape"], [:]),
        node("logits", "FusedGemm", "com.microsoft", ["flat", "gw", "gb"], [:]),
      ],
      initializers: [
        "aw": weights(4, 1, 3, 3), "ab": weights(4), "bw": weights(4, 4, 3, 3), "bb": weights(4), "gw": weights(3, 4),
        "gb": weights(3), "flat_shape": Tensor([2], [1, 4] as [Int64]),
      ])
    try graph.inferTypes()
    return graph
  }

  /// The network with every weight of `name` moved by noise.
  static func damaged(_ graph: Graph, _ name: String, seed: UInt64) -> Graph {
    var random = SeededGenerator(seed: seed)
    var result = graph
    if let tensor = graph.initializers[name] {
      result.initializers[name] = Tensor(
        tensor.shape, tensor.asFloats.map { $0 + Float.random(in: -0.5...0.5, using: &random) })
    }
    return result
  }

  /// Random images, as many as wanted.
  static func images(_ count: Int, seed: UInt64) -> RandomImages {
    var random = SeededGenerator(seed: seed)
    return RandomImages(values: (0..<count * 36).map { _ in Float.random(in: -1...1, using: &random) })
  }

  /// Targets of `teacher` and of `student` for every sample.
  static func targets(
    _ student: Graph, teacher: Graph, samples: any SampleSource, labels: Tensor? = nil
  ) throws -> DistillationTargets {
    func outputs(_ graph: Graph) throws -> [String: [[Float]]] {
      let network = try TrainingGraph(graph)
      return [
        "logits": try (0..<samples.count).map { try network.outputs(of: [$0], from: samples)["logits"]?.asFloats ?? [] }
      ]
    }
    let head = Head(name: "logits", shape: [1, 3], labels: labels)
    return try DistillationTargets(heads: [head], teacher: try outputs(teacher), student: try outputs(student))
  }
}

struct RandomImages: SampleSource {
  var values: [Float]
  var count: Int { values.count / 36 }
  func sample(_ index: Int) -> [String: Tensor] {
    ["image": Tensor([1, 1, 6, 6], Array(values[index * 36..<(index + 1) * 36]))]
  }
}
