import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The nodes of which an operator is composed, while they are written down. Types are known at every point.
package struct Expansion {
  /// The version of ONNX in which the nodes are written.
  package static let opset = 21

  /// The nodes and their constants. Operands are read from the graph around it.
  package private(set) var graph: Graph
  /// Names of the operator's operands; nil where one is absent.
  package let inputs: [String?]
  /// Names of the operator's results, set by the operator.
  package var outputs: [String] {
    get { graph.outputs }
    set { graph.outputs = newValue }
  }

  private var known: [String: TensorType] = [:]
  /// Of operands and of results that are constant.
  private var constants: [String: Tensor] = [:]

  /// `name` begins the names of nodes.
  package init(name: String, inputs: [(name: String, input: OperatorInput)?]) {
    graph = Graph(name: name, opset: Self.opset, inputs: [], outputs: [], nodes: [])
    self.inputs = inputs.map { $0?.name }
    for case let (name, input)? in inputs {
      known[name] = input.type
      if let constant = input.constant { constants[name] = constant }
    }
  }

  /// The type of an operand, a constant or a result.
  package func type(of value: String) -> TensorType { known[value] ?? TensorType(.float32, []) }

  /// The shape of an operand, a constant or a result.
  package func shape(of value: String) -> Shape { type(of: value).shape }

  /// The value, where it is constant and small.
  package func constant(of value: String) -> Tensor? { graph.initializers[value] ?? constants[value] }

  /// Appends a node with one output of use, and returns that output's name.
  @discardableResult
  package mutating func add(
    _ opType: String, _ inputs: [String?], _ attributes: [String: Attribute] = [:], domain: String = ""
  ) throws(Diagnostic) -> String {
    try add(opType, inputs, attributes, domain: domain, outputs: 1)[0]
  }

  /// Appends a node with several outputs, and returns their names.
  package mutating func add(
    _ opType: String, _ inputs: [String?], _ attributes: [String: Attribute] = [:], domain: String = "",
    outputs count: Int
  ) throws(Diagnostic) -> [String] {
    let name = "\(graph.name)/\(opType)_\(graph.nodes.count)"
    let node = Node(
      name: name, opType: opType, domain: domain, opset: Self.opset, inputs: inputs.map { $0 ?? "" },
      outputs: (0..<count).map { count == 1 ? name : "\(name)_\($0)" }, attributes: attributes)
    let (types, values) = try graph.infer(node, known: known, constants: constants, .machine)
    for (name, type) in zip(node.outputs, types) { known[name] = type }
    for (name, value) in zip(node.outputs, values) { constants[name] = value }
    graph.nodes.append(node)
    return node.outputs
  }

  /// A constant of the expansion; returns its name.
  package mutating func constant(_ tensor: Tensor) -> String {
    let name = "\(graph.name)/constant_\(graph.initializers.count)"
    graph.initializers[name] = tensor
    known[name] = tensor.type
    return name
  }

  /// A float32 scalar.
  package mutating func scalar(_ value: Float) -> String { constant(Tensor([], [value])) }

  /// int64 numbers in a vector: shapes, axes, indices.
  package mutating func integers(_ values: [Int]) -> String {
    constant(Tensor([values.count], values.map { Int64($0) }))
  }
}

/// Nodes that most compositions have.
extension Expansion {
  package mutating func reshape(_ value: String, to shape: Shape) throws(Diagnostic) -> String {
    // A dimension of 0 is meant, not one to be copied.
    try add("Reshape", [value, integers(shape.dims)], shape.dims.contains(0) ? ["allowzero": .int(1)] : [:])
  }

  package mutating func transpose(_ value: String, _ order: [Int]) throws(Diagnostic) -> String {
    try add("Transpose", [value], ["perm": .ints(order.map { Int64($0) })])
  }

  /// Elements `range` of an axis.
  package mutating func slice(_ value: String, axis: Int, _ range: Range<Int>) throws(Diagnostic) -> String {
    try add(
      "Slice", [value, integers([range.lowerBound]), integers([range.upperBound]), integers([axis])])
  }

  package mutating func concat(_ values: [String], axis: Int) throws(Diagnostic) -> String {
    values.count == 1 ? values[0] : try add("Concat", values, ["axis": .int(Int64(axis))])
  }

  package mutating func cast(_ value: String, to type: DataType) throws(Diagnostic) -> String {
    type == self.type(of: value).dataType ? value : try add("Cast", [value], ["to": .int(Int64(type.onnxCode))])
  }

  /// A reduction by its name, "ReduceSum", over axes, which are kept with size 1 where `keeps` says so.
  package mutating func reduce(
    _ opType: String, _ value: String, axes: [Int], keeps: Bool = true
  ) throws(Diagnostic) -> String {
    try add(opType, [value, integers(axes)], ["keepdims": .int(keeps ? 1 : 0)])
  }
}
