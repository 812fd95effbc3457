import KDCGraph
import KDCOps
import KDCTensor

/// If: inputs cond; the branches have no inputs. Opsets 1, 11, 13, 16, 19, 21, 23–25 differ in types alone.
extension ControlFlowExpansion {
  /// The branch that is taken, or both with a Where for each output. False where they give values of different types.
  mutating func expandBranches(of node: Node) throws -> Bool {
    guard let condition = node.input(0), case .graph(let then)? = node.attributes["then_branch"],
      case .graph(let otherwise)? = node.attributes["else_branch"]
    else { return false }
    if let taken = boolean(condition) {
      let branch = taken ? then : otherwise
      guard branch.outputs.count >= node.outputs.count else { return false }
      insertTaken(branch, for: node)
      return true
    }
    guard let known = value(condition), known.type.dataType == .bool, known.type.shape.count == 1,
      let first = try insert(then, []), let second = try insert(otherwise, []), first.count == second.count,
      first.count >= node.outputs.count, zip(first, second).allSatisfy({ $0.type == $1.type })
    else { return false }
    let shape = constant(node.name + ".scalar", Tensor([0], [] as [Int64]))
    let selector = add("Reshape", [condition, shape.name], for: node, type: TensorType(.bool, []))
    for (output, (one, other)) in zip(node.outputs, zip(first, second)) where !output.isEmpty {
      let selected = add("Where", [selector.name, one.name, other.name], for: node, type: one.type)
      give(selected.name, as: output, of: node)
    }
    return true
  }
}
