import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// Replaces If, Loop and Scan by the nodes that they run.
///
/// Of an If whose condition is known when compiling, that is the branch that is taken: exporters write an If around shapes that
/// are static after all, and operators of the other branch may be unsupported without harm. Of an If on data both branches are
/// computed, and a Where selects. Loops and scans whose number of rounds is known are written out, round by round. What
/// depends on more than that stays, and inference of types says so.
package enum ExpandControlFlow: GraphPass {
  package static let name = "expand control flow"

  /// Throws KDC2027 for loops that become too many nodes.
  package static func run(on graph: inout Graph) throws -> Int {
    var changes = 0
    // A branch may hold further ones, and may be what makes the next condition constant: a round for each depth.
    while graph.nodes.contains(where: { $0.isControlFlow }) {
      var expansion = ControlFlowExpansion(of: graph)
      let found = try expansion.run()
      if found == 0 { break }
      graph = expansion.graph
      changes += found
    }
    return changes
  }
}

extension Node {
  /// Whether the node is an If, a Loop or a Scan.
  var isControlFlow: Bool { isStandard("If") || isStandard("Loop") || isStandard("Scan") }
}

/// One round of the pass: what is known of the graph, and the nodes that take the places of others.
struct ControlFlowExpansion {
  /// Nodes that loops of a model may become, and rounds that one loop may have.
  static let limit = (nodes: 50_000, rounds: 10_000)
  /// Elements of values that a round of a loop takes as constants instead of by name.
  private static let smallCount = 4096

  private(set) var graph: Graph
  private var types: [String: TensorType]
  private var constants: [String: Tensor]
  private var inlining: Inlining
  /// Of the graph as it becomes.
  private var nodes: [Node] = []

  /// A value of the graph as a body takes it.
  struct Value {
    var name: String
    var type: TensorType
    var constant: Tensor?
  }

  init(of graph: Graph) {
    self.graph = graph
    constants = self.graph.inferKnownTypes().constants.merging(graph.initializers) { $1 }
    types = self.graph.types
    inlining = Inlining(into: graph)
  }

  /// Replaces all nodes that can be; returns how many.
  mutating func run() throws -> Int {
    var changes = 0
    for node in graph.nodes {
      guard node.isControlFlow else {
        nodes.append(node)
        continue
      }
      let before = (graph, inlining, nodes)
      guard try expand(node) else {
        (graph, inlining, nodes) = before
        nodes.append(node)
        continue
      }
      changes += 1
    }
    graph.nodes = nodes
    return changes
  }

  private mutating func expand(_ node: Node) throws -> Bool {
    if node.isStandard("If") { return try expandBranches(of: node) }
    if node.isStandard("Loop") { return try expandLoop(node) }
    return node.isStandard("Scan") ? try expandScan(node) : false
  }

  /// Throws KDC2027 where the graph has become too large.
  func checkSize(_ node: Node) throws(Diagnostic) {
    guard nodes.count > Self.limit.nodes else { return }
    throw Self.tooMany(node, "becomes more than \(Self.limit.nodes) nodes", in: graph)
  }

  static func tooMany(_ node: Node, _ what: String, in graph: Graph) -> Diagnostic {
    Diagnostic(
      .tooManyNodes, "'\(node.opType)' \(what) when its rounds are written out",
      at: Place(file: graph.file, detail: node.place.detail),
      hint: "use an operator that does the loop's work, such as LSTM or CumSum, or a shorter sequence")
  }

  // MARK: What bodies are made of

  /// A value of the graph, if its type is known.
  func value(_ name: String) -> Value? {
    types[name].map { Value(name: name, type: $0, constant: constants[name]) }
  }

  /// The number that a value holds, where it is known and single.
  func integer(_ name: String) -> Int? {
    guard let tensor = constants[name], tensor.count == 1, !tensor.dataType.isFloat else { return nil }
    return tensor.cast(to: .int64).int64s?.first.map { Int($0) }
  }

  func boolean(_ name: String) -> Bool? { constants[name]?.singleBoolean }

  /// Adds a constant to the graph.
  mutating func constant(_ base: String, _ tensor: Tensor) -> Value {
    let name = inlining.freshValue(base)
    graph.initializers[name] = tensor
    constants[name] = tensor
    types[name] = tensor.type
    return Value(name: name, type: tensor.type, constant: tensor)
  }

  /// Adds a node with one output of the type, in the words of opset 13.
  mutating func add(
    _ opType: String, _ inputs: [String], _ attributes: [String: Attribute] = [:], for node: Node, type: TensorType
  ) -> Value {
    let output = inlining.freshValue(node.name + "." + opType)
    nodes.append(
      Node(
        name: inlining.freshNode(node.name), opType: opType, opset: 13, inputs: inputs, outputs: [output],
        attributes: attributes))
    return Value(name: output, type: type)
  }

  /// Gives a value the name of one of the node's outputs.
  mutating func give(_ value: String, as output: String, of node: Node) {
    nodes.append(inlining.identity(of: value, as: output, for: node, in: graph))
  }

  /// Puts `body` into the graph with these values for its inputs; nil where types cannot be inferred in it, or control flow
  /// stays in it.
  mutating func insert(_ body: Graph, _ arguments: [Value]) throws -> [Value]? {
    guard arguments.count == body.inputs.count else { return nil }
    var closed = body
    closed.inputs = []
    var names: [String: String] = [:]
    var borrowed: Set<String> = []
    for (input, argument) in zip(body.inputs, arguments) {
      names[input.name] = argument.name
      if let constant = argument.constant, constant.count <= Self.smallCount {
        closed.initializers[input.name] = constant
      } else if let constant = argument.constant {
        closed.initializers[input.name] = constant
        borrowed.insert(input.name)
      } else {
        closed.inputs.append(ValueInfo(name: input.name, type: argument.type))
      }
    }
    let own = Set(body.inputs.map(\.name))
    for name in body.outerReads where !own.contains(name) {
      guard let value = value(name) else { return nil }
      if let constant = value.constant {
        closed.initializers[name] = constant
        borrowed.insert(name)
      } else {
        closed.inputs.append(ValueInfo(name: name, type: value.type))
      }
    }
    _ = try ExpandControlFlow.run(on: &closed)
    guard !closed.nodes.contains(where: { $0.isControlFlow }) else { return nil }
    let (known, faults) = closed.inferKnownTypes()
    guard faults.isEmpty else { return nil }
    var results: [Value] = []
    for name in closed.outputs {
      guard let type = closed.types[name] else { return nil }
      results.append(Value(name: name, type: type, constant: known[name] ?? closed.initializers[name]))
    }
    closed.inputs = []
    for name in borrowed { closed.initializers[name] = nil }
    let (added, outputs) = inlining.insert(closed, into: &graph, arguments: names)
    nodes += added
    for index in results.indices { results[index].name = outputs[index] }
    return results
  }

  /// Only the branch that is taken, which may hold what kdc cannot infer.
  mutating func insertTaken(_ branch: Graph, for node: Node) {
    nodes += inlining.inline(branch, for: node, of: &graph)
  }

  /// Moves the constants of a body that is put in several times into the graph.
  mutating func shareConstants(of body: Graph) -> Graph {
    var result = body
    for name in body.initializers.keys.sorted() {
      guard let tensor = body.initializers[name] else { continue }
      let shared = constant(name, tensor).name
      for index in result.nodes.indices { result.nodes[index].replaceReads(of: name, with: shared) }
      result.outputs = result.outputs.map { $0 == name ? shared : $0 }
      result.initializers[name] = nil
    }
    return result
  }
}

extension Tensor {
  /// The truth value of a tensor of one.
  var singleBoolean: Bool? {
    guard case .bool(let values) = elements, values.count == 1 else { return nil }
    return values[0]
  }
}
