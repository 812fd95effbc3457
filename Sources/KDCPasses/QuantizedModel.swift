import KDCGraph
import KDCTensor

extension Graph {
  /// A quantised graph in operators of ONNX alone, for other tools: each int8 value is rounded by a QuantizeLinear and a
  /// DequantizeLinear, weights are int8 with a DequantizeLinear, biases int32 in units of the products, fused layers are taken
  /// apart.
  ///
  /// Zero points and scales are those of the graph. What a tool computes differs from the program in how sums are brought to
  /// the next scale: there a real factor, here an integer one.
  package func withQuantizationSteps() -> Graph {
    var writer = QuantizedModelWriter(self)
    for node in nodes { writer.write(node) }
    return writer.finished()
  }
}

private struct QuantizedModelWriter {
  private let source: Graph
  private var result: Graph
  private var nodes: [Node] = []
  /// Values that exist as they were computed, under another name, besides the rounded ones.
  private var exact: [String: String] = [:]
  /// Graph inputs whose rounded form has another name, as the graph's own must stay.
  private var rounded: [String: String] = [:]
  /// Dequantised weights by the name of their integers.
  private var reals: [String: String] = [:]
  private let opset: Int
  private var taken: Set<String>
  private let computesInFloat: Set<String>

  /// The first version with scales for each channel.
  private static let leastOpset = 13

  init(_ graph: Graph) {
    source = graph
    result = graph
    opset = max(Self.leastOpset, graph.opset, graph.nodes.filter { $0.domain.isEmpty }.map(\.opset).max() ?? 0)
    result.opset = opset
    result.quantization = [:]
    result.givenQuantization = [:]
    taken = Set(graph.initializers.keys).union(graph.inputs.map(\.name)).union(
      graph.nodes.flatMap { $0.outputs + [$0.name] })
    computesInFloat = Set(graph.nodes.filter(\.staysFloat).flatMap(\.outputs)).union(graph.inputs.map(\.name))
    for input in graph.inputs where graph.initializers[input.name] == nil {
      guard let parameters = activation(input.name) else { continue }
      rounded[input.name] = fresh(input.name + ".rounded")
      round(input.name, to: rounded[input.name] ?? "", parameters)
    }
  }

  func finished() -> Graph {
    var graph = result
    graph.nodes = nodes
    graph.sortIfNeeded()
    _ = graph.removeUnusedInitializers()
    graph.types = graph.types.filter { name, _ in source.types[name] != nil }
    return graph
  }

  // MARK: Names and values

  private mutating func fresh(_ base: String) -> String {
    var name = base
    var number = 1
    while !taken.insert(name).inserted {
      name = "\(base)_\(number)"
      number += 1
    }
    return name
  }

  private mutating func constant(_ base: String, _ tensor: Tensor) -> String {
    let name = fresh(base)
    result.initializers[name] = tensor
    return name
  }

  private func activation(_ name: String) -> QuantizationParameters? {
    guard source.initializers[name] == nil, source.types[name]?.dataType == .float32 else { return nil }
    return source.quantization[name]
  }

  private mutating func append(
    _ opType: String, _ name: String, _ inputs: [String], _ output: String, _ attributes: [String: Attribute] = [:]
  ) {
    nodes.append(
      Node(name: fresh(name), opType: opType, opset: opset, inputs: inputs, outputs: [output], attributes: attributes))
  }

  /// The steps that round `value` to `target`.
  private mutating func round(_ value: String, to target: String, _ parameters: QuantizationParameters) {
    let scale = constant(target + ".scale", Tensor([], [parameters.scale]))
    let zero = constant(target + ".zero_point", Tensor([], [Int8(clamping: parameters.zeroPoint)]))
    var value = value
    if parameters.bits == 7 {
      let bounds = [parameters.limits.lowerBound, parameters.limits.upperBound].map { q in
        constant(target + ".bound", Tensor([], [Float(q - parameters.zeroPoint) * parameters.scale]))
      }
      let clipped = fresh(target + ".clipped")
      append("Clip", target + ".clip", [value] + bounds, clipped)
      value = clipped
    }
    let integers = fresh(target + ".int8")
    append("QuantizeLinear", target + ".quantize", [value, scale, zero], integers)
    append("DequantizeLinear", target + ".dequantize", [integers, scale, zero], target)
  }

  // MARK: Nodes

  mutating func write(_ node: Node) {
    var node = node
    for (slot, output) in node.outputs.enumerated() where !output.isEmpty && activation(output) != nil {
      let name = fresh(output + ".real")
      exact[output] = name
      node.outputs[slot] = name
    }
    let original = node.inputs
    node.inputs = original.map { reading($0, by: node) }
    if node.domain == "com.microsoft", ["FusedConv", "FusedGemm"].contains(node.opType) {
      writeLayer(node, original)
    } else if node.opset < 13, ["Softmax", "LogSoftmax", "Hardmax"].contains(node.opType) {
      writeFlattened(node, source.types[original[0]]?.shape ?? [])
    } else {
      nodes.append(node.upgraded(to: opset) { constant($0, $1) })
    }
    for (output, name) in exact.filter({ node.outputs.contains($0.value) }).sorted(by: { $0.key < $1.key }) {
      if let parameters = activation(output) { round(name, to: output, parameters) }
    }
  }

  /// Softmax and its like before version 13: over all axes from `axis` on, 1 where none is given.
  private mutating func writeFlattened(_ node: Node, _ shape: Shape) {
    var axis = 1
    if case .int(let given)? = node.attributes["axis"] { axis = Int(given) }
    if axis < 0 { axis += shape.rank }
    guard (0...shape.rank).contains(axis) else { return nodes.append(node) }
    let dims = [shape.dims[..<axis].reduce(1, *), shape.dims[axis...].reduce(1, *)]
    let (flat, result) = (fresh(node.name + ".flat"), fresh(node.name + ".result"))
    let target = constant(node.name + ".shape", Tensor([2], dims.map { Int64($0) }))
    append("Reshape", node.name + ".flatten", [node.inputs[0], target], flat)
    append(node.opType, node.name, [flat], result, ["axis": .int(1)])
    let own = constant(node.name + ".shape", Tensor([shape.rank], shape.dims.map { Int64($0) }))
    append("Reshape", node.name + ".unflatten", [result, own], node.outputs[0])
  }

  /// The name under which a node reads a value.
  private mutating func reading(_ name: String, by node: Node) -> String {
    if case .int8(let values)? = source.initializers[name]?.elements, let parameters = source.quantization[name] {
      return weights(name, values, source.initializers[name]?.shape ?? [], parameters)
    }
    guard activation(name) != nil else { return name }
    // What computes in float from what was computed in float sees nothing rounded.
    if node.staysFloat, computesInFloat.contains(name) { return exact[name] ?? name }
    return rounded[name] ?? name
  }

  private mutating func weights(
    _ name: String, _ values: [Int8], _ shape: Shape, _ parameters: QuantizationParameters
  ) -> String {
    if let known = reals[name] { return known }
    let isOne = parameters.scales.count == 1
    let dims: Shape = isOne ? [] : [parameters.scales.count]
    let scale = constant(name + ".scale", Tensor(dims, parameters.scales))
    let zero = constant(name + ".zero_point", Tensor(dims, [Int8](repeating: 0, count: dims.count)))
    let target = fresh(name + ".real")
    append(
      "DequantizeLinear", name + ".dequantize", [name, scale, zero], target,
      isOne ? [:] : ["axis": .int(Int64(parameters.axis ?? 0))])
    reals[name] = target
    return target
  }

  /// A fused layer as its linear part, the sum with the residual, and the activation. `original` names the values of its inputs.
  private mutating func writeLayer(_ node: Node, _ original: [String]) {
    var operands = Array(node.inputs.prefix(2))
    if let bias = node.input(2) { operands.append(self.bias(bias, original)) }
    let attributes = node.attributes.filter { !$0.key.hasPrefix("activation") }
    let residual = node.input(3)
    let activation = node.attributes["activation"]
    var steps: [(opType: String, inputs: [String])] = []
    if let residual { steps.append(("Add", [residual])) }
    if case .string(let name)? = activation {
      var bounds: [String] = []
      if name == "Clip", case .floats(let values)? = node.attributes["activation_params"] {
        bounds = values.map { constant(node.name + ".bound", Tensor([], [$0])) }
      }
      steps.append((name, bounds))
    }
    func output(_ isLast: Bool, _ suffix: String, _ writer: inout Self) -> String {
      isLast ? node.outputs[0] : writer.fresh(node.outputs[0] + suffix)
    }
    var value = output(steps.isEmpty, ".sum", &self)
    if node.opType == "FusedConv" {
      append("Conv", node.name, operands, value, attributes)
    } else if source.types[original[0]]?.shape.rank == 2 {
      append("Gemm", node.name, operands, value, attributes)
    } else {
      // A product of more axes: the matrix turned, and the bias added behind it.
      let turned = fresh(node.name + ".turned")
      append("Transpose", node.name + ".turn", [operands[1]], turned, ["perm": .ints([1, 0])])
      let product = operands.count > 2 ? fresh(node.name + ".product") : value
      append("MatMul", node.name, [operands[0], turned], product)
      if operands.count > 2 { append("Add", node.name + ".bias", [product, operands[2]], value) }
    }
    for (index, step) in steps.enumerated() {
      let next = output(index == steps.count - 1, ".\(step.opType.lowercased())", &self)
      append(step.opType, node.name + ".\(step.opType.lowercased())", [value] + step.inputs, next)
      value = next
    }
  }

  /// A bias as int32 in units of the products of the layer's input and weights, where it has such a form.
  private mutating func bias(_ name: String, _ original: [String]) -> String {
    guard let values = source.initializers[name]?.floats, let input = source.quantization[original[0]]?.scale,
      let weights = source.quantization[original[1]]?.scales,
      rounded[original[0]] != nil || activation(original[0]) != nil,
      weights.count == values.count || weights.count == 1
    else { return name }
    let units = values.indices.map { input * weights[weights.count == 1 ? 0 : $0] }
    let steps = zip(values, units).map { ($0 / $1).rounded(.toNearestOrEven) }
    guard units.allSatisfy({ $0 >= .leastNormalMagnitude }), steps.allSatisfy({ abs($0) < 0x1p30 }) else { return name }
    let shape: Shape = [values.count]
    let integers = constant(name + ".int32", Tensor(shape, steps.map { Int32($0) }))
    let scale = constant(name + ".scale", Tensor(shape, units))
    let target = fresh(name + ".real")
    append("DequantizeLinear", name + ".dequantize", [integers, scale], target, ["axis": .int(0)])
    return target
  }
}

extension Graph {
  /// For how many values the file gives a scale and a zero point of 8 bits; nil where no operator is one of quantised models.
  package var quantizedValues: Int? {
    let isQuantized = nodes.contains { node in
      ["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QGemm", "MatMulNBits"].contains(node.opType)
        || node.opType.hasPrefix("QLinear")
    }
    guard isQuantized else { return nil }
    var graph = self
    for pass in [ReadDynamicQuantization.self, ExpandOperators.self, ReadQuantization.self] as [any GraphPass.Type] {
      guard (try? Passes.run(pass, on: &graph)) != nil else { return nil }
    }
    // One for each value: what a step is called before and after it is the same value.
    let read = Set(graph.nodes.filter { $0.opType != "Identity" }.flatMap(\.inputs) + graph.outputs)
    return graph.givenQuantization.keys.count { read.contains($0) }
  }
}
