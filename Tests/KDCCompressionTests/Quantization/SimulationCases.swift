import KDCCompression
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

/// Small networks that between them have every kind of step, for `SimulationTests`.
struct SimulationCase: Sendable, CustomTestStringConvertible {
  let name: String
  /// Kinds of steps that the program must have, so that a case cannot come to prove something else.
  let kinds: Set<String>
  var options = Quantizer.Options()
  let build: @Sendable (inout SimulationNetwork) -> Void
  /// Of the outputs, beside the float model's.
  var leastDecibels = 20.0
  var testDescription: String { name }

  init(
    _ name: String, _ kinds: Set<String>, narrow: [String] = [], bits: Int = 8, float: [String] = [],
    decibels: Double = 20,
    _ build: @escaping @Sendable (inout SimulationNetwork) -> Void
  ) {
    self.name = name
    self.kinds = kinds
    self.build = build
    leastDecibels = decibels
    options.narrowValues = Set(narrow)
    options.defaultWeightBits = bits
    options.floatNodes = Dictionary(uniqueKeysWithValues: float.map { ($0, "test") })
  }

  static let all: [SimulationCase] = [
    SimulationCase("strided, dilated and grouped convolutions", ["convolution"]) {
      $0.conv("a", "x", 6, stride: 2, activation: "Relu")
      $0.conv("b", "a", 6, dilation: 2)
      $0.conv("c", "b", 8, group: 2)
      $0.conv("y", "c", 8, group: 8, activation: "Clip")
    },
    SimulationCase("residuals, one of them too small for its convolution", ["convolution", "add"]) {
      $0.conv("a", "x", 4, activation: "Relu")
      $0.conv("b", "a", 4, residual: "a", activation: "Relu")
      $0.conv("small", "x", 4, size: 1e-4)
      $0.conv("y", "b", 4, residual: "small")
    },
    SimulationCase("a classifier's head", ["averagePool", "convolution", "softmax"]) {
      $0.conv("a", "x", 8, activation: "Relu")
      $0.node("GlobalAveragePool", ["a"], "p")
      $0.node("Flatten", ["p"], "f")
      $0.gemm("y", "f", 8, 10)
      $0.node("Softmax", ["y"], "z")
    },
    SimulationCase("a flattened image", ["convolution"]) {
      $0.conv("a", "x", 3)
      $0.node("Flatten", ["a"], "f")
      $0.gemm("h", "f", 192, 16)
      $0.node("Relu", ["h"], "r")
      $0.gemm("y", "r", 16, 5)
    },
    SimulationCase("Concats that share, take over and convert ranges", ["move", "table", "convolution"]) {
      $0.conv("a", "x", 3)
      $0.conv("b", "x", 3, size: 4)
      $0.node("Concat", ["a", "b"], "c", ["axis": .int(1)])
      $0.conv("d", "c", 4, activation: "Relu")
      $0.conv("e", "d", 4)
      $0.conv("f", "e", 4, size: 3)
      $0.node("Concat", ["d", "e", "f"], "g", ["axis": .int(1)])
      $0.conv("y", "g", 4)
    },
    SimulationCase(
      "a 7-bit value in a wider Concat", ["move", "table", "convolution"], narrow: ["a"], bits: 7
    ) {
      $0.conv("a", "x", 4, activation: "Relu")
      $0.conv("b", "a", 4, activation: "Relu", size: 0.6)
      $0.node("Concat", ["a", "b"], "c", ["axis": .int(1)])
      $0.conv("y", "c", 4)
    },
    SimulationCase(
      "8-bit values in a 7-bit Concat", ["move", "table", "convolution"], narrow: ["c"], bits: 7
    ) {
      $0.conv("a", "x", 4, activation: "Relu")
      $0.conv("b", "a", 4)
      $0.conv("d", "b", 4)
      $0.node("Concat", ["a", "b", "d"], "c", ["axis": .int(1)])
      $0.conv("y", "c", 4)
    },
    SimulationCase(
      "7 bits everywhere", ["maxPool", "add", "multiply", "table", "convolution"],
      narrow: ["x", "a", "b", "p", "s", "t", "u", "y"], bits: 7
    ) {
      $0.conv("a", "x", 4, activation: "Relu")
      $0.conv("b", "a", 4, residual: "a")
      $0.node("MaxPool", ["b"], "p", ["kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1])])
      $0.node("Sigmoid", ["p"], "s")
      $0.node("Mul", ["p", "s"], "t")
      $0.node("Add", ["t", "a"], "u")
      $0.conv("y", "u", 4)
    },
    SimulationCase("the larger and the smaller of several values", ["extreme", "convolution"]) {
      $0.conv("a", "x", 4)
      $0.conv("b", "x", 4, size: 3)
      $0.conv("c", "a", 4, size: 0.5)
      $0.node("Max", ["a", "b", "c"], "d")
      $0.node("Min", ["d", "b"], "e")
      $0.conv("y", "e", 4)
    },
    SimulationCase("weights of 4 bits", ["convolution"], bits: 4, decibels: 8) {
      $0.conv("a", "x", 8, activation: "Relu")
      $0.conv("b", "a", 8, residual: "a", activation: "Relu")
      $0.node("Flatten", ["b"], "f")
      $0.gemm("y", "f", 512, 12)
    },
    SimulationCase("layers that stay float", ["floatConvolution", "convolution"], float: ["b", "d"]) {
      $0.conv("a", "x", 4, activation: "Relu")
      $0.conv("b", "a", 4, activation: "Relu")
      $0.conv("c", "b", 4)
      $0.conv("d", "c", 4, residual: "a")
      $0.conv("y", "d", 4)
    },
    SimulationCase("pooling and padding", ["averagePool", "maxPool", "fill", "move"]) {
      $0.conv("a", "x", 4)
      $0.constant("pads", Tensor([8], [0, 0, 1, 2, 0, 0, 0, 1] as [Int64]))
      $0.constant("fill", Tensor([], [Float(0.3)]))
      $0.node("Pad", ["a", "pads", "fill"], "p")
      $0.node(
        "AveragePool", ["p"], "q",
        ["kernel_shape": .ints([3, 2]), "pads": .ints([1, 0, 1, 1]), "count_include_pad": .int(1)])
      $0.node(
        "MaxPool", ["q"], "r",
        ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])])
      $0.node("AveragePool", ["r"], "s", ["kernel_shape": .ints([2, 2])])
      $0.conv("y", "s", 4)
    },
    SimulationCase("resizing", ["resizeLinear", "move"]) {
      $0.conv("a", "x", 4)
      $0.constant("half", Tensor([4], [1, 1, 1.5, 2] as [Float]))
      $0.node("Resize", ["a", "", "half"], "b", ["mode": .string("linear")])
      $0.constant("twice", Tensor([4], [1, 1, 2, 2] as [Float]))
      $0.node(
        "Resize", ["b", "", "twice"], "c",
        [
          "mode": .string("nearest"), "coordinate_transformation_mode": .string("asymmetric"),
          "nearest_mode": .string("floor"),
        ])
      $0.conv("y", "c", 4)
    },
    SimulationCase("tables", ["table", "convolution"]) {
      $0.conv("a", "x", 4)
      $0.node("HardSwish", ["a"], "b")
      $0.constant("slope", Tensor([4, 1, 1], [0.1, -0.2, 0.3, 0] as [Float]))
      $0.node("PRelu", ["b", "slope"], "c")
      $0.constant("k", Tensor([1, 4, 1, 1], [1, 2, -3, 0.5] as [Float]))
      $0.node("Mul", ["c", "k"], "d")
      $0.node("Tanh", ["d"], "e")
      $0.conv("y", "e", 4)
    },
    SimulationCase("sums and products with broadcasting", ["add", "multiply", "averagePool"]) {
      $0.conv("a", "x", 4)
      $0.node("GlobalAveragePool", ["a"], "p")
      $0.conv("g", "p", 4, kernel: 1)
      $0.node("Sigmoid", ["g"], "s")
      $0.node("Mul", ["a", "s"], "m")
      $0.node("Sub", ["m", "p"], "d")
      $0.constant("row", Tensor([8], [1, 2, 3, 4, 5, -6, 7, 8] as [Float]))
      $0.node("Add", ["d", "row"], "e")
      $0.conv("y", "e", 4)
    },
    SimulationCase("attention in float", ["floatMatMul", "softmax", "convolution", "quantize", "dequantize"]) {
      $0.conv("a", "x", 4)
      $0.constant("tokens", Tensor([3], [1, 64, 4] as [Int64]))
      $0.node("Reshape", ["a", "tokens"], "t")
      $0.gemm("q", "t", 4, 8)
      $0.gemm("k", "t", 4, 8)
      $0.gemm("v", "t", 4, 8)
      $0.node("Transpose", ["k"], "kt", ["perm": .ints([0, 2, 1])])
      $0.node("MatMul", ["q", "kt"], "scores")
      $0.node("Softmax", ["scores"], "weights", ["axis": .int(-1)])
      $0.node("MatMul", ["weights", "v"], "o")
      $0.gemm("y", "o", 8, 4)
    },
    SimulationCase("layer normalisation between layers", ["floatReduce", "convolution"]) {
      $0.node("Flatten", ["x"], "f")
      $0.gemm("a", "f", 256, 16)
      $0.constant("gain", Tensor([16], (1...16).map { Float($0) / 8 }))
      $0.node("LayerNormalization", ["a", "gain"], "n")
      $0.gemm("b", "n", 16, 16)
      $0.node("Add", ["a", "b"], "s")
      $0.node("LayerNormalization", ["s", "gain"], "m")
      $0.gemm("y", "m", 16, 4)
    },
    SimulationCase("float operators one after the other", ["softmax", "floatUnary", "convolution"]) {
      $0.node("Flatten", ["x"], "f")
      $0.gemm("a", "f", 256, 12)
      $0.node("Softmax", ["a"], "s")
      $0.node("Sqrt", ["s"], "r")
      $0.gemm("b", "r", 12, 12)
      $0.node("Add", ["b", "r"], "c")
      $0.gemm("y", "c", 12, 4)
    },
    SimulationCase("movement between layouts", ["move", "convolution"]) {
      $0.conv("a", "x", 8)
      $0.node("DepthToSpace", ["a"], "b", ["blocksize": .int(2)])
      $0.node("Transpose", ["b"], "c", ["perm": .ints([0, 1, 3, 2])])
      $0.constant("sizes", Tensor([2], [1, 1] as [Int64]))
      $0.node("Split", ["c", "sizes"], ["d", "e"], ["axis": .int(1)])
      $0.node("Concat", ["e", "d", "c"], "g", ["axis": .int(1)])
      $0.conv("y", "g", 4)
    },
    SimulationCase("a transposed convolution and a normalisation", ["convolution", "move"]) {
      $0.transposed("a", "x", 4, 6)
      $0.constant("scale", Tensor([6], [1, 0.5, 2, -1, 1, 3] as [Float]))
      $0.constant("shift", Tensor([6], [0, 1, 0, 0.5, 0, -1] as [Float]))
      $0.constant("mean", Tensor([6], [0, 0.1, 0, 0, 0.2, 0] as [Float]))
      $0.constant("variance", Tensor([6], [1, 2, 1, 0.5, 1, 1] as [Float]))
      $0.node("BatchNormalization", ["a", "scale", "shift", "mean", "variance"], "n")
      $0.conv("y", "n", 4)
    },
  ]
}

/// A graph that is built node by node; the last node gives the output. The input is x [1, 4, 8, 8].
struct SimulationNetwork {
  private(set) var graph = Graph(
    name: "simulation", opset: 17, inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, 4, 8, 8]))],
    outputs: [], nodes: [])
  private var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func node(_ opType: String, _ inputs: [String], _ output: String, _ attributes: [String: Attribute] = [:]) {
    node(opType, inputs, [output], attributes)
  }

  mutating func node(
    _ opType: String, _ inputs: [String], _ outputs: [String], _ attributes: [String: Attribute] = [:]
  ) {
    let isFused = opType.hasPrefix("Fused")
    graph.nodes.append(
      Node(
        name: outputs[0], opType: opType, domain: isFused ? "com.microsoft" : "", opset: isFused ? 1 : 17,
        inputs: inputs, outputs: outputs, attributes: attributes))
    graph.outputs = [outputs[0]]
  }

  mutating func constant(_ name: String, _ tensor: Tensor) { graph.initializers[name] = tensor }

  private mutating func weights(_ name: String, _ shape: Shape, _ size: Float) {
    graph.initializers[name] = Tensor(
      shape, (0..<shape.count).map { _ in Float.random(in: -size...size, using: &random) })
  }

  mutating func conv(
    _ name: String, _ input: String, _ outputs: Int, kernel: Int = 3, stride: Int = 1, dilation: Int = 1,
    group: Int = 1, residual: String? = nil, activation: String? = nil, size: Float = 0.3
  ) {
    let inferred = (try? typed())?.types[input]?.shape[1] ?? 4
    weights(name + ".w", [outputs, inferred / group, kernel, kernel], size)
    weights(name + ".b", [outputs], size)
    var attributes: [String: Attribute] = [
      "group": .int(Int64(group)), "strides": .ints([Int64(stride), Int64(stride)]),
      "dilations": .ints([Int64(dilation), Int64(dilation)]),
      "pads": .ints(.init(repeating: Int64(kernel / 2 * dilation), count: 4)),
    ]
    if let activation { attributes["activation"] = .string(activation) }
    if activation == "Clip" { attributes["activation_params"] = .floats([-0.2, 0.9]) }
    node("FusedConv", [input, name + ".w", name + ".b"] + (residual.map { [$0] } ?? []), name, attributes)
  }

  mutating func transposed(_ name: String, _ input: String, _ inputs: Int, _ outputs: Int) {
    weights(name + ".w", [inputs, outputs, 3, 3], 0.3)
    node(
      "ConvTranspose", [input, name + ".w"], name, ["strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])])
  }

  mutating func gemm(_ name: String, _ input: String, _ inputs: Int, _ outputs: Int) {
    weights(name + ".w", [outputs, inputs], 0.3)
    weights(name + ".b", [outputs], 0.3)
    node("FusedGemm", [input, name + ".w", name + ".b"], name)
  }

  /// With types inferred.
  func typed() throws -> Graph {
    var graph = graph
    try graph.inferTypes()
    return graph
  }

  mutating func samples(_ count: Int) -> [[String: Tensor]] {
    (0..<count).map { _ in
      ["x": Tensor([1, 4, 8, 8], (0..<256).map { _ in Float.random(in: -1...1, using: &random) })]
    }
  }
}
