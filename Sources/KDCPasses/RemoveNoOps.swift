import KDCGraph
import KDCOps
import KDCTensor

/// Removes nodes that give their input on unchanged: Identity, Dropout, a Cast to the same type, a Reshape to the same
/// shape, a Transpose that moves nothing, sums and products with the neutral element, and such.
package enum RemoveNoOps: GraphPass {
  package static let name = "remove no-ops"

  package static func run(on graph: inout Graph) -> Int {
    graph.rewriteNodes { graph, index in
      guard let value = forwarded(graph.nodes[index], in: graph) else { return false }
      // Other outputs (Dropout's mask) must be unused.
      let uses = graph.uses()
      for output in graph.nodes[index].outputs.dropFirst() where !output.isEmpty {
        guard uses.consumers[output] == nil, !uses.outputs.contains(output) else { return false }
      }
      return graph.bypass(nodeAt: index, with: value)
    }
  }

  /// The input that the node gives on unchanged, or nil.
  private static func forwarded(_ node: Node, in graph: Graph) -> String? {
    guard node.domain.isEmpty, let output = node.outputs.first, let outputType = graph.types[output],
      let input = node.input(0), let inputType = graph.types[input]
    else { return nil }
    switch node.opType {
    case "Identity": return input
    case "Dropout":
      guard let training = node.input(2) else { return input }
      guard case .bool(let values)? = graph.initializers[training]?.elements, values == [false] else { return nil }
      return input
    case "Cast", "CastLike", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand", "Slice", "Tile":
      return inputType == outputType && keepsOrder(node, in: graph) ? input : nil
    case "Pad": return graph.padding(of: node)?.allSatisfy { $0 == (0, 0) } ?? false ? input : nil
    case "Concat", "Sum", "Max", "Min", "Mean": return node.inputs.count == 1 ? input : nil
    case "Transpose": return movesNothing(node, inputType.shape) ? input : nil
    case "Mul", "Div": return neutral(node, 1, commutes: node.opType == "Mul", outputType, in: graph)
    case "Add", "Sub": return neutral(node, 0, commutes: node.opType == "Add", outputType, in: graph)
    default: return nil
    }
  }

  /// False for a Slice that turns an axis around.
  private static func keepsOrder(_ node: Node, in graph: Graph) -> Bool {
    guard node.opType == "Slice", let steps = node.input(4) else { return true }
    switch graph.initializers[steps]?.elements {
    case .int64(let values)?: return values.allSatisfy { $0 > 0 }
    case .int32(let values)?: return values.allSatisfy { $0 > 0 }
    default: return false
    }
  }

  /// Whether only axes of size 1 change places.
  private static func movesNothing(_ node: Node, _ shape: Shape) -> Bool {
    guard case .ints(let permutation)? = node.attributes["perm"] else { return shape.dims.filter { $0 > 1 }.count <= 1 }
    let large = permutation.filter { shape.dims.indices.contains(Int($0)) && shape[Int($0)] > 1 }
    let isSorted = large == large.sorted()
    return isSorted && zip(permutation, shape.dims).allSatisfy { shape[Int($0)] == $1 }
  }

  private static func neutral(
    _ node: Node, _ element: Float, commutes: Bool, _ outputType: TensorType, in graph: Graph
  ) -> String? {
    guard node.inputs.count == 2 else { return nil }
    func isNeutral(_ name: String) -> Bool { graph.floatConstant(name)?.floats?.allSatisfy { $0 == element } ?? false }
    if isNeutral(node.inputs[1]), graph.types[node.inputs[0]] == outputType { return node.inputs[0] }
    if commutes, isNeutral(node.inputs[0]), graph.types[node.inputs[1]] == outputType { return node.inputs[1] }
    return nil
  }
}
