import KDCGraph
import KDCTensor

/// Puts a graph together layer by layer; weights are zeros until they are initialised. ONNX opset 17.
struct GraphBuilder {
  /// A value and its shape with batch 1.
  struct Value {
    var name: String
    var dims: [Int]
    var isImage: Bool { dims.count == 4 }
  }

  /// 1 GiB of float32; an ONNX file ends at 2.
  static let mostWeights = 1 << 28

  private(set) var graph: Graph
  /// Whether more than `mostWeights` weights were asked for, or an input or vector of so many numbers. The graph has only
  /// a part of its layers then.
  private(set) var isTooLarge = false
  private var weightCount = 0
  private var count = 0

  init(name: String) { graph = Graph(name: name, opset: 17, inputs: [], outputs: [], nodes: []) }

  mutating func input(_ name: String, _ shape: [Int]) -> Value {
    let dims = [1] + shape
    if Shape(dims).checkedCount(limit: Self.mostWeights) == nil { isTooLarge = true }
    graph.inputs.append(ValueInfo(name: name, type: TensorType(.float32, Shape(dims))))
    return Value(name: name, dims: dims)
  }

  mutating func output(_ value: Value, as name: String) {
    // The last node takes the output's name.
    guard let index = graph.nodes.indices.last else { return }
    graph.nodes[index].outputs[0] = name
    graph.outputs.append(name)
  }

  private mutating func node(
    _ op: String, _ inputs: [String], _ dims: [Int], attributes: [String: Attribute] = [:], name: String? = nil
  ) -> Value {
    count += 1
    let name = name ?? "\(op.lowercased())\(count)"
    guard !isTooLarge else { return Value(name: name + "_y", dims: dims) }
    graph.nodes.append(
      Node(name: name, opType: op, opset: 17, inputs: inputs, outputs: [name + "_y"], attributes: attributes))
    return Value(name: name + "_y", dims: dims)
  }

  private mutating func weights(_ name: String, _ dims: [Int]) -> String {
    // A model that is refused anyway takes no memory.
    guard !isTooLarge, let size = Shape(dims).checkedCount(limit: Self.mostWeights - weightCount) else {
      isTooLarge = true
      return name
    }
    weightCount += size
    graph.initializers[name] = Tensor(Shape(dims), [Float](repeating: 0, count: size))
    return name
  }

  private mutating func constant(_ name: String, _ values: [Int64]) -> String {
    graph.initializers[name] = Tensor([values.count], values)
    return name
  }

  /// A convolution without bias, followed by a normalisation.
  mutating func convolution(
    _ x: Value, _ channels: Int, kernel: Int = 3, stride: Int = 1, groups: Int = 1
  ) -> Value {
    let name = "conv\(count + 1)"
    let pad = kernel / 2
    func size(_ input: Int) -> Int { (input + 2 * pad - kernel) / stride + 1 }
    let weight = weights(name + ".weight", [channels, x.dims[1] / groups, kernel, kernel])
    return node(
      "Conv", [x.name, weight], [1, channels, size(x.dims[2]), size(x.dims[3])],
      attributes: [
        "kernel_shape": .ints([Int64(kernel), Int64(kernel)]), "strides": .ints([Int64(stride), Int64(stride)]),
        "pads": .ints([Int64](repeating: Int64(pad), count: 4)), "group": .int(Int64(groups)),
      ], name: name)
  }

  mutating func normalization(_ x: Value) -> Value {
    let name = "norm\(count + 1)"
    let parameters = ["weight", "bias", "running_mean", "running_var"].map { weights("\(name).\($0)", [x.dims[1]]) }
    return node("BatchNormalization", [x.name] + parameters, x.dims, attributes: ["epsilon": .float(1e-5)], name: name)
  }

  mutating func relu(_ x: Value) -> Value { node("Relu", [x.name], x.dims) }

  /// min(max(x, 0), 6).
  mutating func relu6(_ x: Value) -> Value {
    for (name, bound) in [("zero", Float(0)), ("six", 6)] { graph.initializers[name] = Tensor([], [bound]) }
    return node("Clip", [x.name, "zero", "six"], x.dims)
  }

  /// Convolution, normalisation, ReLU.
  mutating func block(_ x: Value, _ channels: Int, kernel: Int = 3, stride: Int = 1) -> Value {
    relu(normalization(convolution(x, channels, kernel: kernel, stride: stride)))
  }

  mutating func add(_ a: Value, _ b: Value) -> Value { node("Add", [a.name, b.name], a.dims) }

  mutating func maxPool(_ x: Value, kernel: Int, stride: Int) -> Value {
    let pad = kernel / 2 * (kernel > 2 ? 1 : 0)
    func size(_ input: Int) -> Int { (input + 2 * pad - kernel) / stride + 1 }
    return node(
      "MaxPool", [x.name], [1, x.dims[1], size(x.dims[2]), size(x.dims[3])],
      attributes: [
        "kernel_shape": .ints([Int64(kernel), Int64(kernel)]), "strides": .ints([Int64(stride), Int64(stride)]),
        "pads": .ints([Int64](repeating: Int64(pad), count: 4)),
      ])
  }

  /// Means of the channels of images; vectors as they are, sequences flattened.
  mutating func vector(_ x: Value) -> Value {
    guard x.isImage else { return x.dims.count == 2 ? x : flatten(x) }
    return flatten(node("GlobalAveragePool", [x.name], [1, x.dims[1], 1, 1]))
  }

  mutating func flatten(_ x: Value) -> Value {
    let size = Shape(x.dims).checkedCount(limit: Self.mostWeights)
    if size == nil { isTooLarge = true }
    return node("Flatten", [x.name], [1, size ?? 1], attributes: ["axis": .int(1)])
  }

  mutating func dense(_ x: Value, _ width: Int) -> Value {
    let name = "fc\(count + 1)"
    let parameters = [weights(name + ".weight", [width, x.dims[1]]), weights(name + ".bias", [width])]
    return node("Gemm", [x.name] + parameters, [1, width], attributes: ["transB": .int(1)], name: name)
  }

  mutating func sigmoid(_ x: Value) -> Value { node("Sigmoid", [x.name], x.dims) }

  mutating func concatenation(_ values: [Value]) -> Value {
    guard values.count > 1 else { return values[0] }
    var dims = values[0].dims
    dims[1] = values.reduce(0) { $0 + $1.dims[1] }
    return node("Concat", values.map(\.name), dims, attributes: ["axis": .int(1)])
  }

  /// GRU layers over [1, steps, features]; the last state of the last one.
  mutating func recurrent(_ x: Value, _ widths: [Int]) -> Value {
    var steps = node("Transpose", [x.name], x.dims, attributes: ["perm": .ints([1, 0, 2])]).name
    var features = x.dims[2]
    var last = x
    for (index, width) in widths.enumerated() {
      count += 1
      let name = "gru\(count)"
      let parameters = [
        weights(name + ".W", [1, 3 * width, features]), weights(name + ".R", [1, 3 * width, width]),
        weights(name + ".B", [1, 6 * width]),
      ]
      let isLast = index == widths.count - 1
      graph.nodes.append(
        Node(
          name: name, opType: "GRU", opset: 17, inputs: [steps] + parameters,
          outputs: isLast ? ["", name + "_h"] : [name + "_y"],
          attributes: ["hidden_size": .int(Int64(width)), "linear_before_reset": .int(1)]))
      let axes = constant(isLast ? "first_axis" : "direction_axis", [isLast ? 0 : 1])
      let squeezed = node("Squeeze", [name + (isLast ? "_h" : "_y"), axes], [1, width])
      (steps, features, last) = (squeezed.name, width, squeezed)
    }
    return last
  }
}
