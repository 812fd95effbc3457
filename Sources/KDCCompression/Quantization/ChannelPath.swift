import KDCGraph
import KDCOps
import KDCTensor

/// The way of a layer's output channels to the layers and outputs that use them, through operators f with
/// f(s · x) = s · f(x) for every s > 0, channel by channel: rectifiers, pools, movement, products with other values.
///
/// Dividing the layer's channels by positive numbers and multiplying at the ends of the path by the same changes nothing in
/// float (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019).
struct ChannelPath {
  /// A layer with constant weights that sums over the channels: for each channel of its input, the source's or nil.
  struct Reader {
    var node: Int
    var channels: [Int?]
  }
  /// A value that leaves the graph, or is only read in float from there on.
  struct Exit {
    var value: String
    var axis: Int
    /// For each position along the axis, the source's channel.
    var channels: [Int?]
    /// Nodes that read the value on its way out; others do so on the path.
    var nodes: [Int]
  }

  /// Index of the layer's node, and its output.
  let source: Int
  let output: String
  let channelCount: Int
  let axis: Int
  private(set) var readers: [Reader] = []
  private(set) var exits: [Exit] = []

  private struct Labels: Equatable {
    var axis: Int
    var channels: [Int?]
  }

  /// nil where the channels cannot be scaled: a residual, a clip, an operator in between that is not homogeneous.
  init?(from source: Int, in graph: Graph, plan: QuantizationPlan, uses: ValueUses) {
    let node = graph.nodes[source]
    guard let layer = try? WeightedNode(node, outputRank: graph.types[node.outputs[0]]?.shape.rank ?? 0),
      layer.residual == nil, layer.clamp == 0 ... .infinity || layer.clamp == -.infinity ... .infinity,
      graph.initializers[layer.weights]?.dataType == .float32,
      layer.bias.map({ graph.initializers[$0]?.dataType == .float32 }) ?? true,
      let shape = graph.types[node.outputs[0]]?.shape, shape.dims.indices.contains(layer.channelAxis)
    else { return nil }
    self.source = source
    output = node.outputs[0]
    axis = layer.channelAxis
    channelCount = shape[axis]
    guard channelCount > 1 else { return nil }
    var labels = [output: Labels(axis: axis, channels: (0..<channelCount).map { $0 })]
    guard split(output, labels[output], graph, plan, uses) else { return nil }
    for index in graph.nodes.indices.dropFirst(source + 1) {
      let node = graph.nodes[index]
      let read = node.inputs.filter { name in labels[name] != nil && !isExit(index, of: name) }
      guard !read.isEmpty else { continue }
      if WeightedNode.weights(of: node) != nil {
        guard read == [node.inputs[0]], let own = labels[node.inputs[0]], enter(index, own, graph) else { return nil }
        continue
      }
      guard let results = Self.through(node, plan.operators[index], labels, graph) else { return nil }
      for (output, result) in zip(node.outputs, results) where !output.isEmpty {
        labels[output] = result
        guard split(output, result, graph, plan, uses) else { return nil }
      }
    }
  }

  private func isExit(_ node: Int, of value: String) -> Bool {
    exits.contains { $0.value == value && $0.nodes.contains(node) }
  }

  /// Notes where a value on the path leaves it. False where it is read in float amid the graph.
  private mutating func split(
    _ value: String, _ labels: Labels?, _ graph: Graph, _ plan: QuantizationPlan, _ uses: ValueUses
  ) -> Bool {
    guard let labels else { return true }
    let readers = Set(uses.consumers[value] ?? [])
    let leaving = readers.filter { reader in
      let results = graph.nodes[reader].outputs.filter { !$0.isEmpty }
      guard results.allSatisfy(plan.tail.free.contains) else { return false }
      switch plan.rules[reader] {
      case .float: return true
      case .sameAsInput: return !FloatTail.resampling.contains(graph.nodes[reader].opType)
      case .integer: return false
      }
    }
    guard !leaving.isEmpty || uses.outputs.contains(value) else { return true }
    let reaches = leaving.allSatisfy { graph.nodes[$0].outputs.contains(where: plan.tail.leaving.contains) }
    guard reaches else { return false }
    exits.append(Exit(value: value, axis: labels.axis, channels: labels.channels, nodes: leaving.sorted()))
    return true
  }

  /// Enters a layer that reads the path. False where its weights cannot take the factors.
  private mutating func enter(_ index: Int, _ labels: Labels, _ graph: Graph) -> Bool {
    let node = graph.nodes[index]
    guard let weights = node.input(1).flatMap({ graph.initializers[$0] }), weights.dataType == .float32,
      let rank = graph.types[node.inputs[0]]?.shape.rank,
      labels.axis == (node.opType == "FusedGemm" ? rank - 1 : 1)
    else { return false }
    readers.append(Reader(node: index, channels: labels.channels))
    return true
  }

  // MARK: Operators

  private static let homogeneous: Set<String> = ["Relu", "LeakyRelu", "Identity", "Dropout", "Abs", "Neg"]
  private static let pools: Set<String> = ["AveragePool", "MaxPool", "GlobalAveragePool", "GlobalMaxPool"]

  /// Labels of a node's outputs; nil where the factors do not pass.
  private static func through(
    _ node: Node, _ op: any Operator, _ labels: [String: Labels], _ graph: Graph
  ) -> [Labels?]? {
    guard node.domain.isEmpty, let name = node.input(0), let shape = graph.types[name]?.shape,
      let result = node.outputs.first.flatMap({ graph.types[$0]?.shape })
    else { return nil }
    if node.opType == "Concat" { return joined(node, labels, graph).map { [$0] } }
    if node.opType == "Mul" || node.opType == "Div" { return scaled(node, labels, result, graph).map { [$0] } }
    // Everything else has one operand on the path, the first.
    guard let own = labels[name], !node.inputs.dropFirst().contains(where: { labels[$0] != nil }) else { return nil }
    if homogeneous.contains(node.opType) { return [own] + node.outputs.dropFirst().map { _ in nil } }
    switch node.opType {
    case "PRelu": return node.input(1).flatMap { graph.initializers[$0] } == nil ? nil : [own]
    case _ where pools.contains(node.opType): return own.axis == 1 ? [own] : nil
    case "Pad":
      let fill = node.input(2).map { graph.initializers[$0]?.floats == [0] } ?? true
      guard let pad = op as? Pad, pad.mode == .constant, pad.value ?? 0 == 0, fill else { return nil }
      return shape[own.axis] == result[own.axis] ? [own] : nil
    case "Resize", "Upsample":
      return shape.rank == result.rank && shape[own.axis] == result[own.axis] ? [own] : nil
    case "Flatten", "Reshape", "Squeeze", "Unsqueeze": return regrouped(own, shape, result).map { [$0] }
    case "Transpose":
      guard let order = try? (op as? Transpose)?.permutation(rank: shape.rank),
        let axis = order.firstIndex(of: own.axis)
      else { return nil }
      return [Labels(axis: axis, channels: own.channels)]
    case "Split": return cut(node, own, graph)
    default: return nil
    }
  }

  /// One operand on the path, times or by another that is not.
  private static func scaled(
    _ node: Node, _ labels: [String: Labels], _ result: Shape, _ graph: Graph
  ) -> Labels? {
    let marked = node.inputs.indices.filter { labels[node.inputs[$0]] != nil }
    guard marked.count == 1, node.opType == "Mul" || marked[0] == 0, let own = labels[node.inputs[marked[0]]],
      graph.types[node.inputs[marked[0]]]?.shape.rank == result.rank, result[own.axis] == own.channels.count
    else { return nil }
    return own
  }

  private static func joined(_ node: Node, _ labels: [String: Labels], _ graph: Graph) -> Labels? {
    let marked = node.inputs.compactMap { labels[$0] }
    guard let axis = marked.first?.axis, marked.allSatisfy({ $0.axis == axis }),
      let rank = graph.types[node.inputs[0]]?.shape.rank, case .int(let given)? = node.attributes["axis"],
      axis == (given < 0 ? Int(given) + rank : Int(given))
    else { return nil }
    var channels: [Int?] = []
    for name in node.inputs {
      guard let count = graph.types[name]?.shape[axis] else { return nil }
      channels += labels[name]?.channels ?? [Int?](repeating: nil, count: count)
    }
    return Labels(axis: axis, channels: channels)
  }

  private static func cut(_ node: Node, _ own: Labels, _ graph: Graph) -> [Labels?]? {
    guard let rank = graph.types[node.inputs[0]]?.shape.rank else { return nil }
    var axis = 0
    if case .int(let given)? = node.attributes["axis"] { axis = given < 0 ? Int(given) + rank : Int(given) }
    guard axis == own.axis else { return node.outputs.map { _ in own } }
    var start = 0
    var parts: [Labels?] = []
    for output in node.outputs {
      guard let count = graph.types[output]?.shape[axis], start + count <= own.channels.count else { return nil }
      parts.append(Labels(axis: axis, channels: Array(own.channels[start..<start + count])))
      start += count
    }
    return parts
  }

  /// The same elements under another shape: the first axis that holds all channels, and perhaps what lies inside them.
  private static func regrouped(_ own: Labels, _ shape: Shape, _ result: Shape) -> Labels? {
    let count = own.channels.count
    let inner = shape.dims[(own.axis + 1)...].reduce(1, *)
    for axis in result.dims.indices {
      let behind = result.dims[(axis + 1)...].reduce(1, *)
      guard behind > 0, inner % behind == 0, result[axis] > 1 else { continue }
      let run = inner / behind
      guard run > 0, result[axis] % (count * run) == 0 else { continue }
      return Labels(axis: axis, channels: (0..<result[axis]).map { own.channels[$0 / run % count] })
    }
    return nil
  }
}
