import KDCDiagnostics
import KDCTensor

/// A recurrent layer as a composition, step by step: for all that the layers' own form does not have.
struct RecurrentUnrolling {
  enum Cell {
    case rnn
    case gru(linearBeforeReset: Bool)
    case lstm(inputForget: Bool)
  }
  let cell: Cell
  let layer: RecurrentLayer
  /// The inputs that are initial states.
  let states: [(index: Int, name: String)]

  /// Steps of all directions that are written down.
  private static let mostSteps = 4096

  /// One direction's operands; biases are nil where there are none.
  struct Direction {
    /// x · Wᵀ with biases [steps, batch, gates · hidden].
    var projected: String
    /// Rᵀ [hidden, gates · hidden].
    var recurrent: String
    /// GRU with linear_before_reset: the bias of h · R's last part [hidden].
    var candidateBias: String?
    /// LSTM: weights of the memory in i, o, f [hidden].
    var peepholes: [String] = []
    var activations: [RecurrentActivation]
    var clip: Float?
    var hidden: Int
  }

  /// Adds the layer; gives Y and the final states, in the layout that the layer has.
  func expand(
    _ op: some Expanding, _ inputs: [OperatorInput?], _ expansion: inout Expansion
  ) throws(Diagnostic) -> [String] {
    var x = try op.float(inputs, 0, "X", &expansion)
    if layer.isBatchFirst {
      guard expansion.shape(of: x).rank == 3 else { throw op.shapeMismatch("X must have rank 3") }
      x = try expansion.transpose(x, [1, 0, 2])
    }
    let (w, r) = (try op.float(inputs, 1, "W", &expansion), try op.float(inputs, 2, "R", &expansion))
    let bias = try op.floatIfPresent(inputs, 3, "B", &expansion)
    var initial: [String?] = []
    for state in states {
      var value = try op.floatIfPresent(inputs, state.index, state.name, &expansion)
      if layer.isBatchFirst, let given = value {
        guard expansion.shape(of: given).rank == 3 else { throw op.shapeMismatch("\(state.name) must have rank 3") }
        value = try expansion.transpose(given, [1, 0, 2])
      }
      initial.append(value)
    }
    var operands: [OperatorInput?] = [x, w, r, bias].map { name in
      name.map { OperatorInput(type: expansion.type(of: $0)) }
    }
    operands.append(nil)
    operands += initial.map { name in name.map { OperatorInput(type: expansion.type(of: $0)) } }
    let sizes = try layer.sizes(op, operands, states: states)
    guard sizes.steps * layer.directions <= Self.mostSteps else {
      throw Diagnostic(
        .unsupportedAttribute,
        "'\(type(of: op).onnxName)' of \(sizes.steps) steps with these attributes is not supported",
        notes: ["at most \(Self.mostSteps) steps"])
    }
    let lengths = try Lengths(op, inputs, sizes, &expansion)
    let peepholes = try op.floatIfPresent(inputs, 7, "P", &expansion)
    var outputs: [String] = []
    var finals: [[String]] = []
    for d in 0..<layer.directions {
      let direction = try self.direction(op, d, x, w, r, bias, peepholes, sizes, &expansion)
      var begin: [String] = []
      for state in initial {
        let shape: Shape = [sizes.batch, sizes.hidden]
        if let state {
          begin.append(try expansion.reshape(expansion.slice(state, axis: 0, d..<d + 1), to: shape))
        } else {
          begin.append(expansion.constant(Tensor(shape, [Float](repeating: 0, count: shape.count))))
        }
      }
      let result = try run(
        direction, begin, sizes, reversed: layer.direction == .reverse || d == 1, lengths, &expansion)
      outputs.append(result.output)
      finals.append(result.states)
    }
    let y = try expansion.concat(outputs, axis: 1)
    var results = [layer.isBatchFirst ? try expansion.transpose(y, [2, 0, 1, 3]) : y]
    for index in states.indices {
      var parts: [String] = []
      for own in finals { parts.append(try expansion.reshape(own[index], to: [1, sizes.batch, sizes.hidden])) }
      let all = try expansion.concat(parts, axis: 0)
      results.append(layer.isBatchFirst ? try expansion.transpose(all, [1, 0, 2]) : all)
    }
    return results
  }

  private func direction(
    _ op: some Expanding, _ d: Int, _ x: String, _ w: String, _ r: String, _ bias: String?, _ peepholes: String?,
    _ sizes: RecurrentLayer.Sizes, _ expansion: inout Expansion
  ) throws(Diagnostic) -> Direction {
    let (hidden, rows) = (sizes.hidden, layer.gates * sizes.hidden)
    func matrix(_ value: String, _ columns: Int, _ expansion: inout Expansion) throws(Diagnostic) -> String {
      let own = try expansion.reshape(expansion.slice(value, axis: 0, d..<d + 1), to: [rows, columns])
      return try expansion.transpose(own, [1, 0])
    }
    let flat = try expansion.reshape(x, to: [sizes.steps * sizes.batch, sizes.input])
    var projected = try expansion.add("MatMul", [flat, matrix(w, sizes.input, &expansion)])
    var candidateBias: String?
    if let bias {
      let own = try expansion.reshape(expansion.slice(bias, axis: 0, d..<d + 1), to: [2 * rows])
      projected = try expansion.add("Add", [projected, expansion.slice(own, axis: 0, 0..<rows)])
      var rest = try expansion.slice(own, axis: 0, rows..<2 * rows)
      if case .gru(linearBeforeReset: true) = cell {
        // The last part belongs to what the reset gate is multiplied with.
        candidateBias = try expansion.slice(rest, axis: 0, 2 * hidden..<rows)
        let none = expansion.constant(Tensor([hidden], [Float](repeating: 0, count: hidden)))
        rest = try expansion.concat([expansion.slice(rest, axis: 0, 0..<2 * hidden), none], axis: 0)
      }
      projected = try expansion.add("Add", [projected, rest])
    }
    var parts: [String] = []
    if let peepholes {
      guard expansion.shape(of: peepholes).dims == [layer.directions, 3 * hidden] else {
        throw op.shapeMismatch(
          "P \(expansion.shape(of: peepholes)) must be [\(layer.directions),\(3 * hidden)]")
      }
      let own = try expansion.reshape(expansion.slice(peepholes, axis: 0, d..<d + 1), to: [3 * hidden])
      for gate in 0..<3 { parts.append(try expansion.slice(own, axis: 0, gate * hidden..<(gate + 1) * hidden)) }
    }
    return Direction(
      projected: try expansion.reshape(projected, to: [sizes.steps, sizes.batch, rows]),
      recurrent: try matrix(r, hidden, &expansion), candidateBias: candidateBias, peepholes: parts,
      activations: layer.activations[d], clip: layer.clip, hidden: hidden)
  }

  /// Y [steps, 1, batch, hidden] and the final states [batch, hidden] of one direction.
  private func run(
    _ direction: Direction, _ initial: [String], _ sizes: RecurrentLayer.Sizes, reversed: Bool, _ lengths: Lengths,
    _ expansion: inout Expansion
  ) throws(Diagnostic) -> (output: String, states: [String]) {
    var states = initial
    var outputs = [String](repeating: "", count: sizes.steps)
    let zeros = expansion.constant(
      Tensor([sizes.batch, sizes.hidden], [Float](repeating: 0, count: sizes.batch * sizes.hidden)))
    for t in reversed ? Array((0..<sizes.steps).reversed()) : Array(0..<sizes.steps) {
      var output = zeros
      let condition = try lengths.condition(at: t, &expansion)
      if condition != .none {
        let row = try expansion.slice(direction.projected, axis: 0, t..<t + 1)
        let sums = try expansion.reshape(row, to: [sizes.batch, layer.gates * sizes.hidden])
        let next = try direction.step(cell, sums, states, &expansion)
        if case .some(let mask) = condition {
          for index in states.indices {
            states[index] = try expansion.add("Where", [mask, next[index], states[index]])
          }
          output = try expansion.add("Where", [mask, next[0], zeros])
        } else {
          states = next
          output = next[0]
        }
      }
      outputs[t] = try expansion.reshape(output, to: [1, 1, sizes.batch, sizes.hidden])
    }
    return (try expansion.concat(outputs, axis: 0), states)
  }
}
