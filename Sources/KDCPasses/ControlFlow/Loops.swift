import KDCGraph
import KDCOps
import KDCTensor

/// Loop: inputs M, cond, v…; body inputs iteration, cond, v…; body outputs cond, v…, and values that are stacked along a new
/// first axis. Opsets 1, 11, 13, 16, 19, 21, 23–25 differ in types alone.
extension ControlFlowExpansion {
  /// All rounds one after the other. False where it depends on data how many there are.
  mutating func expandLoop(_ node: Node) throws -> Bool {
    guard case .graph(let original)? = node.attributes["body"], node.inputs.count >= 2 else { return false }
    var state: [Value] = []
    for name in node.inputs.dropFirst(2) {
      guard let value = value(name) else { return false }
      state.append(value)
    }
    let stacked = original.outputs.count - 1 - state.count
    guard original.inputs.count == 2 + state.count, stacked >= 0, node.outputs.count <= state.count + stacked else {
      return false
    }
    var limit = Int.max
    if let count = node.input(0) {
      guard let count = integer(count) else { return false }
      limit = count
    }
    var goesOn = true
    if let condition = node.input(1) {
      guard let condition = boolean(condition) else { return false }
      goesOn = condition
    }
    let body = shareConstants(of: original)
    var rows = [[Value]](repeating: [], count: stacked)
    var round = 0
    while goesOn && round < limit {
      guard round < Self.limit.rounds else {
        throw Self.tooMany(node, "has more than \(Self.limit.rounds) rounds", in: graph)
      }
      let number = Tensor([], [Int64(round)])
      let arguments = [
        Value(name: "", type: number.type, constant: number),
        Value(name: "", type: TensorType(.bool, []), constant: Tensor([], [true])),
      ]
      guard let results = try insert(body, arguments + state), let next = results.first?.constant?.singleBoolean else {
        return false
      }
      state = Array(results.dropFirst().prefix(state.count))
      for index in rows.indices { rows[index].append(results[1 + state.count + index]) }
      goesOn = next
      round += 1
      try checkSize(node)
    }
    for (output, value) in zip(node.outputs, state) where !output.isEmpty { give(value.name, as: output, of: node) }
    for (output, values) in zip(node.outputs.dropFirst(state.count), rows) where !output.isEmpty {
      guard let whole = stack(values, axis: 0, for: node) else { return false }
      give(whole.name, as: output, of: node)
    }
    return true
  }
}
