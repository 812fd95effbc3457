import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport

/// Small canonical graphs with random weights, built block by block; every block covers one way channels depend on
/// each other.
struct PruningGraphs {
  var graph: Graph
  var generator: SeededGenerator
  private var number = 0

  init(seed: UInt64, input: Shape = [1, 3, 8, 8]) {
    graph = Graph(name: "g", opset: 17, file: "g.onnx", inputs: [], outputs: [], nodes: [])
    generator = SeededGenerator(seed: seed)
    graph.inputs = [ValueInfo(name: "x", type: TensorType(.float32, input))]
    graph.types["x"] = graph.inputs[0].type
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

  mutating func constant(_ shape: Shape, low: Float = -1, high: Float = 1) -> String {
    number += 1
    let name = "w\(number)"
    let scale: Float = shape.rank > 1 ? 2 / Float(max(1, shape.count / shape[0])).squareRoot() : 1
    graph.initializers[name] = Tensor(
      shape, (0..<shape.count).map { _ in scale * Float.random(in: low...high, using: &generator) })
    graph.types[name] = graph.initializers[name]?.type
    return name
  }

  mutating func integers(_ values: [Int]) -> String {
    number += 1
    graph.initializers["i\(number)"] = Tensor([values.count], values.map(Int64.init))
    return "i\(number)"
  }

  /// Adds a node named after its operator and a number; returns its first output.
  @discardableResult
  mutating func node(
    _ opType: String, _ inputs: [String], _ attributes: [String: Attribute] = [:], outputs: Int = 1
  ) -> [String] {
    number += 1
    let name = "\(opType.lowercased())\(number)"
    let made = outputs == 1 ? [name] : (0..<outputs).map { "\(name).\($0)" }
    let domain = opType.hasPrefix("Fused") ? "com.microsoft" : ""
    graph.nodes.append(
      Node(
        name: name, opType: opType, domain: domain, opset: domain.isEmpty ? 17 : 1, inputs: inputs, outputs: made,
        attributes: attributes))
    do { try graph.inferTypes() } catch { preconditionFailure("\(error)") }
    return made
  }

  func shape(_ name: String) -> Shape { graph.types[name]?.shape ?? [] }

  mutating func conv(
    _ x: String, _ channels: Int, kernel: Int = 3, group: Int = 1, stride: Int = 1, residual: String? = nil,
    activation: String? = "Relu"
  ) -> String {
    let inputs = shape(x)[1]
    let pad = Int64(kernel / 2)
    var attributes: [String: Attribute] = [
      "group": .int(Int64(group)), "pads": .ints([pad, pad, pad, pad]),
      "kernel_shape": .ints([Int64(kernel), Int64(kernel)]),
      "strides": .ints([Int64(stride), Int64(stride)]),
    ]
    if let activation { attributes["activation"] = .string(activation) }
    var operands = [x, constant([channels, inputs / group, kernel, kernel]), constant([channels])]
    if let residual { operands.append(residual) }
    return node("FusedConv", operands, attributes)[0]
  }

  mutating func gemm(_ x: String, _ count: Int, activation: String? = nil) -> String {
    let depth = shape(x).dims.last ?? 1
    var attributes: [String: Attribute] = [:]
    if let activation { attributes["activation"] = .string(activation) }
    return node("FusedGemm", [x, constant([count, depth]), constant([count])], attributes)[0]
  }

  /// The blocks by name; each takes an image and gives an image.
  static let blocks: [(name: String, build: @Sendable (inout PruningGraphs, String) -> String)] = [
    ("conv", { g, x in g.conv(x, g.int(3...9), stride: g.int(1...2)) }),
    (
      "residual",
      { g, x in
        let inner = g.conv(x, g.int(3...7))
        return g.conv(inner, g.shape(x)[1], residual: x)
      }
    ),
    (
      "inverted residual",
      { g, x in
        let wide = g.conv(x, g.int(4...10), kernel: 1)
        let deep = g.conv(wide, g.shape(wide)[1], group: g.shape(wide)[1])
        return g.conv(deep, g.shape(x)[1], kernel: 1, residual: x, activation: nil)
      }
    ),
    (
      "depthwise with multiplier",
      { g, x in
        let y = g.conv(x, g.int(2...5), kernel: 1)
        let deep = g.conv(y, 2 * g.shape(y)[1], group: g.shape(y)[1])
        return g.conv(deep, 5, kernel: 1)
      }
    ),
    (
      "grouped",
      { g, x in
        let y = g.conv(x, 8, kernel: 1)
        return g.conv(g.conv(y, 12, group: 4), 6)
      }
    ),
    (
      "squeeze and excitation",
      { g, x in
        let y = g.conv(x, 6)
        let pooled = g.node("GlobalAveragePool", [y])[0]
        let small = g.conv(pooled, 4, kernel: 1)
        let gate = g.node("HardSigmoid", [g.conv(small, 6, kernel: 1, activation: nil)])[0]
        return g.conv(g.node("Mul", [y, gate])[0], 5, kernel: 1)
      }
    ),
    (
      "concat",
      { g, x in
        let (a, b) = (g.conv(x, 4), g.conv(x, 5, kernel: 1))
        return g.conv(g.node("Concat", [a, x, b], ["axis": .int(1)])[0], 6)
      }
    ),
    (
      "split",
      { g, x in
        let y = g.conv(x, 9)
        let parts = g.node("Split", [y, g.integers([4, 5])], ["axis": .int(1)], outputs: 2)
        let first = g.conv(parts[0], 5)
        return g.node("Add", [first, parts[1]])[0]
      }
    ),
    (
      "slice",
      { g, x in
        let y = g.conv(x, 7)
        let part = g.node("Slice", [y, g.integers([2]), g.integers([1 << 40]), g.integers([1])])[0]
        let rest = g.conv(y, 4, kernel: 1)
        return g.node("Concat", [part, rest], ["axis": .int(-3)])[0]
      }
    ),
    (
      "gather",
      { g, x in
        let y = g.conv(x, 6)
        return g.conv(g.node("Gather", [y, g.integers([4, 0, -1, 2, 0])], ["axis": .int(1)])[0], 5)
      }
    ),
    (
      "channel shuffle",
      { g, x in
        let y = g.conv(x, 8)
        let (h, w) = (g.shape(y)[2], g.shape(y)[3])
        let cut = g.node("Reshape", [y, g.integers([1, 2, 4, h, w])])[0]
        let turned = g.node("Transpose", [cut], ["perm": .ints([0, 2, 1, 3, 4])])[0]
        return g.conv(g.node("Reshape", [turned, g.integers([0, 8, h, w])])[0], 6, group: 2)
      }
    ),
    (
      "per-channel operators",
      { g, x in
        let y = g.conv(x, 6, activation: nil)
        let scaled = g.node("Mul", [g.constant([6, 1, 1]), y])[0]
        let shifted = g.node("Add", [scaled, g.constant([1, 6, 1, 1])])[0]
        let bent = g.node("PRelu", [shifted, g.constant([6, 1, 1])])[0]
        let parameters = [g.constant([6]), g.constant([6]), g.constant([6]), g.constant([6], low: 0.5, high: 2)]
        let normal = g.node("BatchNormalization", [bent] + parameters)[0]
        return g.node("InstanceNormalization", [normal, g.constant([6]), g.constant([6])])[0]
      }
    ),
    (
      "resize, pad and pool",
      { g, x in
        let y = g.conv(x, 5)
        let (h, w) = (g.shape(y)[2], g.shape(y)[3])
        let large = g.node("Resize", [y, "", "", g.integers([1, 5, 2 * h, 2 * w])], ["mode": .string("nearest")])[0]
        let padded = g.node("Pad", [large, g.integers([0, 0, 1, 1, 0, 0, 1, 1])])[0]
        return g.node(
          "MaxPool", [padded], ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])[0]
      }
    ),
    (
      "transposed convolution",
      { g, x in
        let y = g.conv(x, 4)
        let weights = g.constant([4, 6, 2, 2])
        let up = g.node(
          "ConvTranspose", [y, weights, g.constant([6])], ["strides": .ints([2, 2]), "kernel_shape": .ints([2, 2])])[0]
        return g.conv(up, 5, stride: 2)
      }
    ),
    (
      "depth to space",
      { g, x in
        let y = g.conv(x, 12)
        let wide = g.node("DepthToSpace", [y], ["blocksize": .int(2), "mode": .string("CRD")])[0]
        return g.conv(g.node("SpaceToDepth", [wide], ["blocksize": .int(2)])[0], 5)
      }
    ),
    (
      "shared weights",
      { g, x in
        let y = g.conv(x, 4)
        let weights = g.constant([4, 4, 3, 3])
        let attributes: [String: Attribute] = ["pads": .ints([1, 1, 1, 1]), "activation": .string("Relu")]
        let once = g.node("FusedConv", [y, weights], attributes)[0]
        return g.node("FusedConv", [once, weights], attributes)[0]
      }
    ),
    (
      "softmax over pixels",
      { g, x in
        let y = g.conv(x, 5)
        let maps = g.node("Softmax", [y], ["axis": .int(3)])[0]
        return g.conv(maps, 4, kernel: 1)
      }
    ),
    (
      "norms of rows",
      { g, x in
        let y = g.conv(x, 5)
        let units = g.node("LpNormalization", [y], ["axis": .int(3)])[0]
        let norms = g.node("ReduceL2", [y], ["axes": .ints([3])])[0]
        return g.conv(g.node("Mul", [units, norms])[0], 4, kernel: 1)
      }
    ),
  ]

  /// What ends a graph: takes an image, adds the outputs.
  static let heads: [(name: String, build: @Sendable (inout PruningGraphs, String) -> Void)] = [
    (
      "flatten and two heads",
      { g, x in
        let flat = g.node("Flatten", [x])[0]
        let hidden = g.gemm(flat, 9, activation: "Relu")
        g.graph.outputs = [g.gemm(hidden, 4), g.node("Sigmoid", [g.gemm(hidden, 2)])[0]]
      }
    ),
    (
      "pooled mean",
      { g, x in
        let mean = g.node("ReduceMean", [x], ["axes": .ints([2, 3]), "keepdims": .int(0)])[0]
        g.graph.outputs = [g.gemm(mean, 5)]
      }
    ),
    (
      "transposed tokens and a GRU",
      { g, x in
        let (c, h, w) = (g.shape(x)[1], g.shape(x)[2], g.shape(x)[3])
        let flat = g.node("Reshape", [x, g.integers([1, -1, h * w])])[0]
        let steps = g.node("Transpose", [flat], ["perm": .ints([2, 0, 1])])[0]
        let gru = g.node(
          "GRU", [steps, g.constant([2, 15, c]), g.constant([2, 15, 5]), g.constant([2, 30])],
          ["hidden_size": .int(5), "direction": .string("bidirectional"), "linear_before_reset": .int(1)], outputs: 2)
        let last = g.node("Transpose", [gru[1]], ["perm": .ints([1, 0, 2])])[0]
        g.graph.outputs = [g.gemm(g.node("Reshape", [last, g.integers([1, 10])])[0], 3)]
      }
    ),
    (
      "LSTM on tokens, product with constants",
      { g, x in
        let (c, h, w) = (g.shape(x)[1], g.shape(x)[2], g.shape(x)[3])
        let tokens = g.node("Transpose", [x], ["perm": .ints([2, 3, 0, 1])])[0]
        let steps = g.node("Reshape", [tokens, g.integers([h * w, 1, c])])[0]
        let product = g.node("MatMul", [steps, g.constant([c, 6])])[0]
        let lstm = g.node(
          "LSTM", [product, g.constant([1, 16, 6]), g.constant([1, 16, 4]), g.constant([1, 32])],
          ["hidden_size": .int(4)])[0]
        let mean = g.node("ReduceMean", [lstm], ["axes": .ints([0]), "keepdims": .int(0)])[0]
        g.graph.outputs = [g.gemm(g.node("Squeeze", [mean, g.integers([0])])[0], 3)]
      }
    ),
  ]

  /// A graph of `count` random blocks and a random head.
  static func random(seed: UInt64, blocks count: Int = 4) -> Graph {
    var maker = PruningGraphs(seed: seed)
    var x = maker.conv("x", maker.int(4...7))
    for _ in 0..<count { x = blocks[maker.int(0...blocks.count - 1)].build(&maker, x) }
    heads[maker.int(0...heads.count - 1)].build(&maker, x)
    return maker.graph
  }

  /// Random inputs of the graph's types.
  static func inputs(_ graph: Graph, seed: UInt64) -> [String: Tensor] {
    var generator = SeededGenerator(seed: seed)
    var result: [String: Tensor] = [:]
    for input in graph.inputs {
      let values = (0..<input.type.shape.count).map { _ in Float.random(in: -1...1, using: &generator) }
      result[input.name] = Tensor(input.type.shape, values)
    }
    return result
  }
}
