import KDCGraph
import KDCOps
import KDCTensor

/// The weights that training changes, in a fixed order.
package struct Parameters: Sendable {
  /// Names of initializers, sorted.
  package let names: [String]
  package let shapes: [Shape]
  /// In the order of `names`.
  package var values: [[Float]]

  /// `names` that are float32 initializers of the graph.
  package init(_ names: some Sequence<String>, of graph: Graph) {
    let found = Set(names).sorted().compactMap { name in
      graph.initializers[name].flatMap { tensor in tensor.floats.map { (name, tensor.shape, $0) } }
    }
    self.names = found.map(\.0)
    shapes = found.map(\.1)
    values = found.map(\.2)
  }

  /// Number of trained numbers.
  package var count: Int { values.reduce(0) { $0 + $1.count } }

  /// By name, as the forward run takes them.
  package var tensors: [String: Tensor] {
    Dictionary(uniqueKeysWithValues: names.indices.map { (names[$0], Tensor(shapes[$0], values[$0])) })
  }
}

extension Graph {
  /// The graph with these weights.
  package func replacing(_ parameters: Parameters) -> Graph {
    var result = self
    for (name, tensor) in parameters.tensors { result.initializers[name] = tensor }
    return result
  }

  /// Names of the initializers that are weights: float32 tensors at the places where layers have theirs. Constants of
  /// elementwise operators (input scaling, masks) are none.
  package var trainableParameters: Set<String> {
    var result: Set<String> = []
    for node in nodes {
      guard let layer = (try? Operators.decode(node)) as? any Trainable else { continue }
      for parameter in layer.parameters(node.inputs.map { initializers[$0]?.shape }) where parameter.isTrained {
        if let name = node.input(parameter.input), initializers[name]?.dataType == .float32 { result.insert(name) }
      }
    }
    return result
  }
}
