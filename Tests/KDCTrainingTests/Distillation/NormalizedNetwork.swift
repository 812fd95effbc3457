import KDCGraph
import KDCTensor
import KDCTestSupport
import KDCTraining

/// A small network with batch normalisation, and a task that it can learn: which third of the picture is brightest.
enum NormalizedNetwork {
  /// image [1,1,6,6] → 3×3 convolution → BatchNormalization → Relu → Flatten → logits [1,3].
  static func graph(channels: Int = 4, seed: UInt64 = 1) throws -> Graph {
    func zeros(_ dims: Int...) -> Tensor {
      Tensor(Shape(dims), [Float](repeating: 0, count: dims.reduce(1, *)))
    }
    func node(_ name: String, _ op: String, _ inputs: [String], _ attributes: [String: Attribute] = [:]) -> Node {
      Node(name: name, opType: op, opset: 17, inputs: inputs, outputs: [name], attributes: attributes)
    }
    var graph = Graph(
      name: "normalized", opset: 17,
      inputs: [ValueInfo(name: "image", type: TensorType(.float32, [1, 1, 6, 6]))], outputs: ["logits"],
      nodes: [
        node("conv", "Conv", ["image", "cw"], ["pads": .ints([1, 1, 1, 1])]),
        node("norm", "BatchNormalization", ["conv", "scale", "shift", "mean", "variance"]),
        node("relu", "Relu", ["norm"]),
        node("pool", "AveragePool", ["relu"], ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])]),
        node("flat", "Flatten", ["pool"]), node("logits", "Gemm", ["flat", "gw", "gb"], ["transB": .int(1)]),
      ],
      initializers: [
        "cw": zeros(channels, 1, 3, 3), "scale": zeros(channels), "shift": zeros(channels), "mean": zeros(channels),
        "variance": zeros(channels), "gw": zeros(3, channels * 9), "gb": zeros(3),
      ])
    graph = graph.initialized(by: .he, seed: seed)
    try graph.inferTypes()
    return graph
  }

  /// Pictures with noise, and for each the third (two rows) that is brighter.
  static func task(_ count: Int, seed: UInt64) -> (samples: RandomImages, labels: Tensor) {
    var random = SeededGenerator(seed: seed)
    var values: [Float] = []
    var labels: [Int64] = []
    for _ in 0..<count {
      let label = Int.random(in: 0..<3, using: &random)
      for pixel in 0..<36 { values.append(Float.random(in: -1...1, using: &random) + (pixel / 12 == label ? 0.7 : 0)) }
      labels.append(Int64(label))
    }
    return (RandomImages(values: values), Tensor([count], labels))
  }

  static func head(_ labels: Tensor?) -> Head { Head(name: "logits", shape: [1, 3], labels: labels) }
}
