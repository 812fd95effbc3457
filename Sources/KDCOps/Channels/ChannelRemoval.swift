import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Removes classes of positions from a graph: weights lose rows and columns, and the constants and attributes that
/// count channels are counted again.
package struct ChannelRemoval {
  package let trace: ChannelTrace
  /// Roots of the classes.
  package let removed: Set<Int>
  private var graph: Graph

  package init(of removed: Set<Int>, from trace: ChannelTrace) {
    self.trace = trace
    self.removed = removed
    graph = trace.graph
  }

  /// The graph without the positions, types inferred.
  package mutating func run() throws -> Graph {
    for name in graph.initializers.keys.sorted() {
      guard let labels = trace.labels[name], let tensor = graph.initializers[name] else { continue }
      var result = tensor
      for axis in labels.indices {
        guard let kept = kept(labels[axis]) else { continue }
        result = result.keeping(kept, axis: axis)
      }
      graph.initializers[name] = result
      graph.types[name] = result.type
    }
    for index in graph.nodes.indices { try recount(index) }
    _ = graph.removeUnusedInitializers()
    do { try graph.inferTypes() } catch let list as DiagnosticList {
      throw InternalError("removing channels broke the graph: \(list)")
    }
    let faults = graph.verify()
    guard faults.isEmpty else { throw InternalError("removing channels broke the graph: \(DiagnosticList(faults))") }
    try check()
    return graph
  }

  /// The positions of an axis that stay; nil where all do.
  package func kept(_ labels: AxisLabels) -> [Int]? {
    guard let labels else { return nil }
    let kept = labels.indices.filter { !removed.contains(trace.atoms.root(labels[$0])) }
    return kept.count == labels.count ? nil : kept
  }

  /// Every value must have the size that its labels say.
  private func check() throws {
    for node in graph.nodes {
      for output in node.outputs where !output.isEmpty {
        let shape = graph.types[output]?.shape ?? []
        for axis in shape.dims.indices where shape[axis] != size(output, axis) {
          throw InternalError(
            "'\(output)' has the shape \(shape), but \(size(output, axis)) channels stay on axis \(axis)")
        }
      }
    }
  }

  private func changes(_ value: String) -> Bool { (trace.labels[value] ?? []).contains { kept($0) != nil } }

  private mutating func recount(_ index: Int) throws {
    var node = graph.nodes[index]
    guard !node.inputs.isEmpty, changes(node.inputs[0]) || node.outputs.contains(where: changes),
      let op = try Operators.decode(node) as? any ChannelPassing
    else { return }
    try op.recount(&node, in: &self)
    graph.nodes[index] = node
  }
}

/// What operators ask to count again.
extension ChannelRemoval {
  func shape(of value: String) -> Shape { trace.shape(of: value) }

  /// The positions of an axis of a value that stay; nil where all do.
  func kept(_ value: String, _ axis: Int) -> [Int]? { kept(trace.labels[value]?[axis] ?? nil) }

  /// How many stay.
  func size(_ value: String, _ axis: Int) -> Int { kept(value, axis)?.count ?? shape(of: value)[axis] }

  /// Gives the node a constant input.
  mutating func set(_ values: [Int], input: Int, of node: inout Node) {
    let base = node.input(input) ?? node.name + ".constant"
    if graph.initializers[base]?.int64s == values.map(Int64.init) { return }
    let name = graph.addInitializer(base, Tensor([values.count], values.map(Int64.init)))
    while node.inputs.count <= input { node.inputs.append("") }
    node.inputs[input] = name
  }
}
