import KDCDiagnostics
import KDCTensor

/// One step of a cell as a composition.
extension RecurrentUnrolling.Direction {
  /// The next states, the first of which is the output, from x_t · Wᵀ with biases [batch, gates · hidden].
  func step(
    _ cell: RecurrentUnrolling.Cell, _ sums: String, _ states: [String], _ expansion: inout Expansion
  ) throws(Diagnostic) -> [String] {
    let h = states[0]
    func part(_ value: String, _ gate: Int, _ expansion: inout Expansion) throws(Diagnostic) -> String {
      try expansion.slice(value, axis: 1, gate * hidden..<(gate + 1) * hidden)
    }
    switch cell {
    case .rnn:
      let sum = try expansion.add("Add", [sums, expansion.add("MatMul", [h, recurrent])])
      return [try activate(0, sum, &expansion)]
    case .gru(let linearBeforeReset):
      let gates = try expansion.slice(recurrent, axis: 1, 0..<2 * hidden)
      let last = try expansion.slice(recurrent, axis: 1, 2 * hidden..<3 * hidden)
      let own = try expansion.add(
        "Add", [expansion.slice(sums, axis: 1, 0..<2 * hidden), expansion.add("MatMul", [h, gates])])
      let both = try activate(0, own, &expansion)
      let (update, reset) = (try part(both, 0, &expansion), try part(both, 1, &expansion))
      var state: String
      if linearBeforeReset {
        state = try expansion.add("MatMul", [h, last])
        if let candidateBias { state = try expansion.add("Add", [state, candidateBias]) }
        state = try expansion.add("Mul", [reset, state])
      } else {
        state = try expansion.add("MatMul", [expansion.add("Mul", [reset, h]), last])
      }
      let candidate = try activate(1, expansion.add("Add", [part(sums, 2, &expansion), state]), &expansion)
      // (1 − z) · n + z · h = n + z · (h − n)
      let change = try expansion.add("Mul", [update, expansion.add("Sub", [h, candidate])])
      return [try expansion.add("Add", [candidate, change])]
    case .lstm(let inputForget):
      let all = try expansion.add("Add", [sums, expansion.add("MatMul", [h, recurrent])])
      let memory = states[1]
      let input = try activate(0, seeing(memory, 0, part(all, 0, &expansion), &expansion), &expansion)
      let forget =
        inputForget
        ? try expansion.add("Sub", [expansion.scalar(1), input])
        : try activate(0, seeing(memory, 2, part(all, 2, &expansion), &expansion), &expansion)
      let candidate = try activate(1, part(all, 3, &expansion), &expansion)
      let next = try expansion.add(
        "Add", [expansion.add("Mul", [forget, memory]), expansion.add("Mul", [input, candidate])])
      let output = try activate(0, seeing(next, 1, part(all, 1, &expansion), &expansion), &expansion)
      return [try expansion.add("Mul", [output, activations[2].apply(next, &expansion)]), next]
    }
  }

  /// The activation function of a clipped sum.
  private func activate(_ index: Int, _ sum: String, _ expansion: inout Expansion) throws(Diagnostic) -> String {
    guard let clip else { return try activations[index].apply(sum, &expansion) }
    let clipped = try expansion.add("Clip", [sum, expansion.scalar(-clip), expansion.scalar(clip)])
    return try activations[index].apply(clipped, &expansion)
  }

  /// The sum with what the gate sees of the memory.
  private func seeing(
    _ memory: String, _ gate: Int, _ sum: String, _ expansion: inout Expansion
  ) throws(Diagnostic) -> String {
    guard gate < peepholes.count else { return sum }
    return try expansion.add("Add", [sum, expansion.add("Mul", [memory, peepholes[gate]])])
  }
}

extension RecurrentUnrolling {
  /// How many steps of each sequence count.
  struct Lengths {
    enum Condition: Equatable {
      case all, none
      /// A bool for each sequence [batch, 1].
      case some(String)
    }
    private var known: [Int]?
    private var computed: String?

    init(
      _ op: some Expanding, _ inputs: [OperatorInput?], _ sizes: RecurrentLayer.Sizes, _ expansion: inout Expansion
    ) throws(Diagnostic) {
      guard inputs.count > 4, let input = inputs[4] else { return }
      guard input.type.shape.dims == [sizes.batch], input.type.dataType == .int32 || input.type.dataType == .int64
      else {
        throw op.shapeMismatch("sequence_lens \(input.type) must be int32[\(sizes.batch)]")
      }
      known = input.constant?.integers
      guard known == nil else { return }
      let lengths = try expansion.cast(expansion.inputs[4] ?? "", to: .int64)
      computed = try expansion.reshape(lengths, to: [sizes.batch, 1])
    }

    /// Which sequences have a step `t`.
    func condition(at t: Int, _ expansion: inout Expansion) throws(Diagnostic) -> Condition {
      if let computed { return .some(try expansion.add("Less", [expansion.integers([t]), computed])) }
      guard let known else { return .all }
      let counts = known.map { t < $0 }
      if counts.allSatisfy({ $0 }) { return .all }
      return counts.contains(true) ? .some(expansion.constant(Tensor([counts.count, 1], counts))) : .none
    }
  }
}
