import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// The labels of one axis: an atom for each position, or nil for an axis nothing is ever removed from.
typealias AxisLabels = [Int]?

/// Follows channels through a graph. Every axis of every value and float initializer carries labels; each operator
/// says which positions of its operands belong together. What no rule understands is pinned, so that a channel that
/// is not pinned can be removed everywhere without any other result changing.
///
/// The method is that of dependency graphs (Fang et al., "DepGraph: Towards Any Structural Pruning", 2023), with
/// single positions in the place of layers: offsets of Flatten, Concat and Slice need no rules of their own.
struct ChannelTrace {
  /// Where an initializer's axis stands in the arithmetic of a node.
  enum Role: Sendable {
    /// The axis numbers what the node computes: removing a position removes a channel of its output.
    case producer
    /// The node sums over the axis: removing a position leaves a summand out.
    case consumer
    /// One parameter for each channel that passes: biases, scales, depthwise filters.
    case perChannel
  }

  struct Site {
    var node: Int
    var initializer: String
    var axis: Int
    var role: Role
    /// For consumers: the value that is summed over with the initializer, and its axis.
    var activation: (name: String, axis: Int)?
  }

  let graph: Graph
  var atoms = ChannelAtoms()
  var labels: [String: [AxisLabels]] = [:]
  var sites: [Site] = []

  /// `graph` has its types inferred. Throws what the decoding of a node throws.
  init(_ graph: Graph) throws {
    self.graph = graph
    for input in graph.inputs {
      if graph.initializers[input.name] != nil {
        pin(input.name, "graph input '\(input.name)'")
      } else {
        labels[input.name] = [AxisLabels](repeating: nil, count: input.type.shape.rank)
      }
    }
    for (index, node) in graph.nodes.enumerated() {
      try trace(node, index)
      for output in node.outputs where !output.isEmpty && labels[output] == nil {
        labels[output] = [AxisLabels](repeating: nil, count: graph.types[output]?.shape.rank ?? 0)
      }
    }
    for output in graph.outputs { pin(output, "graph output '\(output)'") }
    atoms.flatten()
  }

  private mutating func trace(_ node: Node, _ index: Int) throws {
    switch node.opType {
    case "FusedConv", "Conv": try traceConvolution(node, index)
    case "ConvTranspose": try traceConvTranspose(node, index)
    case "FusedGemm": traceFusedGemm(node, index)
    case "MatMul": traceMatMul(node, index)
    case "GRU", "LSTM": try traceRecurrent(node, index)
    case "BatchNormalization", "InstanceNormalization": traceChannelNormalization(node, index)
    case "LayerNormalization", "RMSNormalization": try traceLayerNormalization(node)
    case "AveragePool", "MaxPool", "GlobalAveragePool", "GlobalMaxPool": tracePool(node)
    case "Softmax", "LogSoftmax": try traceSoftmax(node)
    case "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin": try traceReduction(node, since: node.opType)
    case "ArgMax", "ArgMin": try traceArgReduction(node)
    case "Reshape", "Flatten", "Squeeze", "Unsqueeze": traceReshape(node)
    case "Transpose": try traceTranspose(node)
    case "Concat": try traceConcat(node)
    case "Split": try traceSplit(node)
    case "Slice": try traceSlice(node)
    case "Gather": try traceGather(node)
    case "Pad": traceSameSize(node)
    case "Resize", "Upsample": traceResize(node)
    case "Expand", "Tile": traceExpand(node)
    case "DepthToSpace", "SpaceToDepth": try traceDepthSpace(node)
    default:
      if Self.unary.contains(node.opType) {
        guard let input = node.input(0), node.outputs.count == 1 else { return give(upOn: node) }
        labels[node.outputs[0]] = labels(of: input)
        for name in node.inputs.dropFirst() where !name.isEmpty { pin(name, at: node) }
      } else if Self.broadcasting.contains(node.opType) {
        traceBroadcast(node, operands: node.inputs, index: index)
      } else {
        for name in node.inputs where !name.isEmpty { pin(name, at: node) }
      }
    }
  }

  private static let unary: Set<String> = [
    "Abs", "Cast", "CastLike", "Ceil", "Clip", "Dropout", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid",
    "HardSwish", "Identity", "LeakyRelu", "Log", "Mish", "Neg", "Not", "QuickGelu", "Reciprocal", "Relu", "Round",
    "Selu", "Sigmoid", "Sign", "Softplus", "Softsign", "Sqrt", "Tanh",
  ]
  private static let broadcasting: Set<String> = [
    "Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Mean", "Min", "Mod",
    "Mul", "Or", "PRelu", "Pow", "Sub", "Sum", "Where",
  ]

  // MARK: Labels

  func shape(of name: String) -> Shape { graph.types[name]?.shape ?? graph.initializers[name]?.shape ?? [] }

  /// The labels of a value; an initializer gets new ones on its first use. Axes of size 1 have none.
  mutating func labels(of name: String) -> [AxisLabels] {
    if let known = labels[name] { return known }
    let shape = shape(of: name)
    var made = [AxisLabels](repeating: nil, count: shape.rank)
    if graph.initializers[name]?.dataType == .float32 {
      for axis in 0..<shape.rank where shape[axis] > 1 { made[axis] = atoms.make(shape[axis]) }
    }
    labels[name] = made
    return made
  }

  mutating func pin(_ axis: AxisLabels, _ reason: String) {
    for atom in axis ?? [] { atoms.pin(atom, reason) }
  }

  /// Pins all axes of a value.
  mutating func pin(_ name: String, _ reason: String) {
    for axis in labels(of: name) { pin(axis, reason) }
  }

  mutating func pin(_ axis: AxisLabels, at node: Node) {
    guard axis != nil else { return }
    pin(axis, "\(node.opType) '\(node.name)'")
  }

  mutating func pin(_ name: String, at node: Node) { pin(name, "\(node.opType) '\(node.name)'") }

  /// Makes the positions of two axes one; where only one has labels they are pinned. Returns those of both.
  @discardableResult
  mutating func unify(_ a: AxisLabels, _ b: AxisLabels, at node: Node) -> AxisLabels {
    guard let first = a, let second = b, first.count == second.count else {
      pin(a, at: node)
      pin(b, at: node)
      return nil
    }
    for (one, other) in zip(first, second) { atoms.union(one, other) }
    return first
  }

  /// Pins every operand; the outputs get no labels.
  mutating func give(upOn node: Node) {
    for name in node.inputs where !name.isEmpty { pin(name, at: node) }
  }

  /// Elementwise operands with numpy's broadcasting: axes of equal size go together, size 1 is stretched.
  mutating func traceBroadcast(_ node: Node, operands: [String], index: Int) {
    guard let output = node.outputs.first else { return }
    let shape = shape(of: output)
    var result = [AxisLabels](repeating: nil, count: shape.rank)
    for axis in 0..<shape.rank where shape[axis] > 1 {
      var found: [(name: String, axis: Int, labels: AxisLabels)] = []
      for name in operands where !name.isEmpty {
        let own = axis - shape.rank + self.shape(of: name).rank
        guard own >= 0, self.shape(of: name)[own] == shape[axis] else { continue }
        found.append((name, own, labels(of: name)[own]))
      }
      guard let first = found.first?.labels, !found.contains(where: { $0.labels == nil }) else {
        for each in found { pin(each.labels, at: node) }
        continue
      }
      for each in found.dropFirst() { unify(first, each.labels, at: node) }
      result[axis] = first
      for each in found where graph.initializers[each.name] != nil {
        sites.append(Site(node: index, initializer: each.name, axis: each.axis, role: .perChannel))
      }
    }
    labels[output] = result
  }
}
