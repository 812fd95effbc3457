import KDCGraph
import KDCOps
import KDCTensor

/// Takes QuantizeLinear and DequantizeLinear around a value for what they say of it: its representation in 8 bits, with scale
/// and zero point (`Graph.givenQuantization`). What is left is a float model, which all later passes know.
///
/// Where the zero point is the least integer, values below 0 become 0: quantisers leave rectifiers out there, and so a clamp
/// takes the step's place where the value may be negative. Elements that are moved in between are moved as reals. Steps with 16
/// bits, several scales or computed scales stay: they are rounding that a program computes.
package enum ReadQuantization: GraphPass {
  package static let name = "read quantisation"

  package static func run(on graph: inout Graph) throws -> Int {
    guard graph.nodes.contains(where: { $0.isStandard("DequantizeLinear") }) else { return 0 }
    let constants = try graph.inferTypes().merging(graph.initializers) { $1 }
    var reader = QuantizationReader(constants: constants, inputs: Set(graph.inputs.map(\.name)))
    let changes = try graph.replaceNodes { graph, node in try reader.read(node, in: &graph) }
    for (name, parameters) in reader.given { graph.givenQuantization[name] = parameters }
    return changes
  }
}

/// The walk of `ReadQuantization` through a graph, in the order of its nodes.
private struct QuantizationReader {
  /// Values that are known without samples.
  let constants: [String: Tensor]
  let inputs: Set<String>
  private(set) var given: [String: QuantizationParameters] = [:]

  /// Integers that a step made of reals.
  private struct Integers {
    var reals: String
    /// Names of scale and zero point.
    var step: Node
    var parameters: QuantizationParameters
    /// The reals rounded, once something has asked for them.
    var rounded: String?
  }
  private var integers: [String: Integers] = [:]
  /// Values that are never below 0.
  private var nonNegative: Set<String> = []
  /// Rows of constant tables of integers: the node that picks them.
  private var rows: [String: Node] = [:]

  init(constants: [String: Tensor], inputs: Set<String>) {
    self.constants = constants
    self.inputs = inputs
  }

  /// What takes the node's place; nil where it stays.
  mutating func read(_ node: Node, in graph: inout Graph) throws -> [Node]? {
    defer { noteSign(node) }
    if node.isStandard("QuantizeLinear") {
      note(node, in: graph)
      return nil
    }
    if node.isStandard("DequantizeLinear") { return dequantized(node, in: &graph) }
    return try moved(node, in: &graph)
  }

  // MARK: Steps

  /// Scale and zero point as kdc has them, where there is one of 8 bits for the whole tensor.
  private func parameters(_ step: Node, _ type: DataType?) -> QuantizationParameters? {
    guard let scale = step.input(1).flatMap({ constants[$0] })?.floats, scale.count == 1, scale[0] > 0,
      scale[0].isFinite,
      type == .int8 || type == .uint8
    else { return nil }
    var zero = 0
    if let name = step.input(2) {
      guard let tensor = constants[name], tensor.count == 1, let value = tensor.cast(to: .int64).int64s?.first else {
        return nil
      }
      zero = Int(value)
    }
    return QuantizationParameters(scale: scale[0], zeroPoint: type == .uint8 ? zero - 128 : zero)
  }

  private mutating func note(_ step: Node, in graph: Graph) {
    guard let reals = step.input(0), graph.types[reals]?.dataType == .float32, let output = step.outputs.first,
      // A step to 4 bits saturates earlier.
      step.attributes["output_dtype"] == nil || step.input(2) != nil,
      let parameters = parameters(step, graph.types[output]?.dataType)
    else { return }
    integers[output] = Integers(reals: reals, step: step, parameters: parameters)
  }

  private mutating func dequantized(_ step: Node, in graph: inout Graph) -> [Node]? {
    guard let input = step.input(0), let output = step.outputs.first,
      let parameters = parameters(step, graph.types[input]?.dataType)
    else { return nil }
    if let source = rows[input] { return table(source, step, parameters, in: &graph) }
    guard let source = integers[input], source.parameters == parameters else { return nil }
    func identity(_ value: String) -> [Node] {
      given[value] = parameters
      given[output] = parameters
      if nonNegative.contains(value) { nonNegative.insert(output) }
      return [Node(name: step.name, opType: "Identity", opset: graph.opset, inputs: [value], outputs: [output])]
    }
    // What was read with another scale before keeps this one as a step.
    if let known = given[source.reals], known != parameters { return nil }
    if let rounded = source.rounded { return identity(rounded) }
    let clamps = parameters.zeroPoint == -128 && !nonNegative.contains(source.reals) && !inputs.contains(source.reals)
    guard clamps else {
      integers[input]?.rounded = source.reals
      return identity(source.reals)
    }
    integers[input]?.rounded = output
    given[output] = parameters
    nonNegative.insert(output)
    let bounds = [0, parameters.scale * 255].map { graph.addInitializer(step.name + ".bound", Tensor([], [$0])) }
    return [Node(name: step.name, opType: "Clip", opset: 13, inputs: [source.reals] + bounds, outputs: [output])]
  }

  /// Rows of a table of integers as rows of its reals.
  private mutating func table(
    _ source: Node, _ step: Node, _ parameters: QuantizationParameters, in graph: inout Graph
  ) -> [Node]? {
    guard let table = source.input(0) else { return nil }
    let reals = graph.freshName(table + ".real")
    var (whole, pick) = (step, source)
    whole.name = graph.freshNodeName(step.name + ".table")
    whole.inputs[0] = table
    whole.outputs = [reals]
    pick.name = step.name
    pick.inputs[0] = reals
    pick.outputs = step.outputs
    given[step.outputs[0]] = parameters
    return [whole, pick]
  }

  // MARK: Movement

  /// Integers that are moved, as reals that are moved and then quantised.
  private mutating func moved(_ node: Node, in graph: inout Graph) throws -> [Node]? {
    guard let first = node.input(0), [.int8, .uint8].contains(graph.types[first]?.dataType) else { return nil }
    let op = try Operators.decode(node)
    guard let movement = op.movement, movement != .resample || op is any ValuePicking else { return nil }
    if constants[first] != nil, graph.initializers[first] != nil, op is Gather {
      rows[node.outputs[0]] = node
      return nil
    }
    let count = movement == .join ? node.inputs.count : 1
    let sources = node.inputs.prefix(count).compactMap { integers[$0] }
    guard sources.count == count, let step = sources.first, sources.allSatisfy({ $0.parameters == step.parameters }),
      let filled = filled(node, op, step, in: &graph)
    else { return nil }
    var reals = filled
    for index in 0..<count { reals.inputs[index] = sources[index].reals }
    var steps: [Node] = []
    for (slot, output) in node.outputs.enumerated() where !output.isEmpty {
      let name = graph.freshName(output + ".real")
      reals.outputs[slot] = name
      graph.types[name] = graph.types[output].map { TensorType(.float32, $0.shape) }
      var quantize = step.step
      quantize.name = graph.freshNodeName(node.name + ".quantize")
      quantize.inputs[0] = name
      quantize.outputs = [output]
      integers[output] = Integers(reals: name, step: quantize, parameters: step.parameters)
      if nonNegative.contains(sources[0].reals), count == 1 { nonNegative.insert(name) }
      steps.append(quantize)
    }
    return [reals] + steps
  }

  /// A Pad with the real of the integer that it fills with; any other node as it is.
  private func filled(_ node: Node, _ op: any Operator, _ step: Integers, in graph: inout Graph) -> Node? {
    guard node.isStandard("Pad") else { return node }
    guard node.opset >= 11 else { return nil }
    var zero: Int64 = 0
    if let name = node.input(2) {
      guard let value = constants[name]?.cast(to: .int64).int64s?.first else { return nil }
      zero = value
    }
    let isUnsigned = node.input(0).flatMap { graph.types[$0] }?.dataType == .uint8
    let q = Int(zero) - (isUnsigned ? 128 : 0)
    var result = node
    while result.inputs.count < 3 { result.inputs.append("") }
    result.inputs[2] = graph.addInitializer(
      node.name + ".fill", Tensor([], [Float(q - step.parameters.zeroPoint) * step.parameters.scale]))
    return result
  }

  // MARK: Signs

  private mutating func noteSign(_ node: Node) {
    guard node.domain.isEmpty else { return }
    func isNonNegative(_ name: String) -> Bool {
      nonNegative.contains(name) || constants[name]?.floats?.allSatisfy { $0 >= 0 } ?? false
    }
    let isPositive =
      switch node.opType {
      case "Relu", "Sigmoid", "HardSigmoid", "Softmax", "Abs", "Sqrt", "Exp", "Softplus": true
      case "Clip":
        if case .float(let low)? = node.attributes["min"] {
          low >= 0
        } else {
          node.input(1).map(isNonNegative) ?? false
        }
      case "Identity", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Reshape", "Flatten",
        "Transpose",
        "Squeeze", "Unsqueeze", "Slice", "Split", "ReduceMean", "ReduceMax", "ReduceSum", "Dropout":
        node.input(0).map(isNonNegative) ?? false
      case "Add", "Mul", "Concat", "Max", "Sum", "Min": !node.inputs.isEmpty && node.inputs.allSatisfy(isNonNegative)
      default: false
      }
    guard isPositive else { return }
    nonNegative.formUnion(node.outputs.filter { !$0.isEmpty })
  }
}
