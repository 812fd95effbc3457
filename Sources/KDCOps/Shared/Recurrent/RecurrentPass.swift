import KDCTensor

/// One direction of a recurrent layer, for backpropagation through time. All hidden states are known from the output,
/// so that the sums before the gates are matrix products over all steps; only gradients walk from step to step.
struct RecurrentPass {
  let sizes: RecurrentLayer.Sizes
  /// gates · hidden.
  let rows: Int
  /// Steps in the order in which the forward pass takes them.
  let times: [Int]
  /// R [rows, hidden].
  let recurrent: [Float]
  /// h before each step [steps, batch, hidden], and the initial states [batch, hidden].
  let previous: [Float]
  let initial: [[Float]]
  /// x · Wᵀ and h · Rᵀ with their biases [steps, batch, rows].
  let fromInput, fromState: [Float]
  let recurrentBias: [Float]
  /// ∂L/∂Y [steps, batch, hidden] and ∂L/∂(final states).
  let outputGradient: [Float]
  let finalGradients: [[Float]]

  // What the cell finds.
  /// ∂L/∂ of `fromInput` and `fromState`.
  var inputSums, stateSums: [Float]
  /// What R's last gate is multiplied with, where it is not `previous`.
  var lastOperand: [Float]?
  /// ∂L/∂(initial states).
  var stateGradients: [[Float]]
}

extension RecurrentLayer {
  /// Gradients of X, W, R, B and the initial states at `states`; `cell` fills in what a pass leaves open.
  func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool], states: [Int],
    cell: (inout RecurrentPass) -> Void
  ) throws -> [Tensor?] {
    let (x, w, r) = (try inputs.floats(0), try inputs.floats(1), try inputs.floats(2))
    let sizes = Sizes(steps: x.shape[0], batch: x.shape[1], input: x.shape[2], hidden: r.shape[2])
    let (rows, count) = (gates * sizes.hidden, sizes.batch * sizes.hidden)
    let all = sizes.steps * sizes.batch
    var ofX = [Float](repeating: 0, count: x.values.count)
    var (ofW, ofR, ofB): ([Float], [Float], [Float]) = ([], [], [])
    var ofStates = states.map { _ in [Float]() }
    for d in 0..<directions {
      let weights = Array(w.values[d * rows * sizes.input..<(d + 1) * rows * sizes.input])
      var pass = try self.pass(inputs, outputs, outputGradients, sizes, direction: d, weights: weights, states: states)
      cell(&pass)
      add(
        product(pass.inputSums, transposed: false, weights, transposed: false, m: all, n: sizes.input, k: rows),
        to: &ofX)
      ofW += product(pass.inputSums, transposed: true, x.values, transposed: false, m: rows, n: sizes.input, k: all)
      var recurrent = product(
        pass.stateSums, transposed: true, pass.previous, transposed: false, m: rows, n: sizes.hidden, k: all)
      if let operand = pass.lastOperand {
        let last = product(
          pass.stateSums, transposed: true, operand, transposed: false, m: rows, n: sizes.hidden, k: all)
        let start = (rows - sizes.hidden) * sizes.hidden
        recurrent.replaceSubrange(start..., with: last[start...])
      }
      ofR += recurrent
      ofB += broadcastSums(pass.inputSums, [all, rows], to: [rows])
      ofB += broadcastSums(pass.stateSums, [all, rows], to: [rows])
      for index in states.indices { ofStates[index] += pass.stateGradients[index] }
    }
    var result = [Tensor?].none(inputs.count)
    let found = [(0, ofX), (1, ofW), (2, ofR), (3, ofB)] + zip(states, ofStates).map { ($0, $1) }
    for (index, values) in found where wanted.at(index) {
      guard let input = inputs.optional(index) else { continue }
      result[index] = Tensor(input.shape, values)
    }
    assert(count == 0 || ofStates.allSatisfy { $0.count == directions * count })
    return result
  }

  private func pass(
    _ inputs: [Tensor?], _ outputs: [Tensor], _ outputGradients: [Tensor?], _ sizes: Sizes, direction d: Int,
    weights: [Float], states: [Int]
  ) throws -> RecurrentPass {
    let (rows, count) = (gates * sizes.hidden, sizes.batch * sizes.hidden)
    let all = sizes.steps * sizes.batch
    let reversed = direction == .reverse || d == 1
    let times = reversed ? Array((0..<sizes.steps).reversed()) : Array(0..<sizes.steps)
    let zeros = [Float](repeating: 0, count: count)
    func part(_ tensor: Tensor?) -> [Float] { tensor?.floats.map { Array($0[d * count..<(d + 1) * count]) } ?? zeros }
    /// Direction d of [steps, directions, batch, hidden].
    func sequence(_ values: [Float]?) -> [Float] {
      guard let values else { return [Float](repeating: 0, count: sizes.steps * count) }
      var result: [Float] = []
      result.reserveCapacity(sizes.steps * count)
      for t in 0..<sizes.steps {
        let start = (t * directions + d) * count
        result += values[start..<start + count]
      }
      return result
    }
    let initial = states.map { part(inputs.optional($0)) }
    let hidden = sequence(try outputs.floats(0).values)
    var previous = [Float](repeating: 0, count: sizes.steps * count)
    for (index, t) in times.enumerated() {
      let source = index == 0 ? initial[0][...] : hidden[times[index - 1] * count..<(times[index - 1] + 1) * count]
      previous.replaceSubrange(t * count..<(t + 1) * count, with: source)
    }
    let recurrent = Array(try inputs.floats(2).values[d * rows * sizes.hidden..<(d + 1) * rows * sizes.hidden])
    let biases =
      try inputs.optionalFloats(3).map { Array($0[d * 2 * rows..<(d + 1) * 2 * rows]) }
      ?? [Float](repeating: 0, count: 2 * rows)
    var fromInput = product(
      try inputs.floats(0).values, transposed: false, weights, transposed: true, m: all, n: rows, k: sizes.input)
    var fromState = product(previous, transposed: false, recurrent, transposed: true, m: all, n: rows, k: sizes.hidden)
    for i in fromInput.indices {
      fromInput[i] += biases[i % rows]
      fromState[i] += biases[rows + i % rows]
    }
    return RecurrentPass(
      sizes: sizes, rows: rows, times: times, recurrent: recurrent, previous: previous, initial: initial,
      fromInput: fromInput, fromState: fromState, recurrentBias: Array(biases[rows...]),
      outputGradient: sequence(try outputGradients.gradient()),
      finalGradients: states.indices.map { part(outputGradients.optional($0 + 1)) },
      inputSums: [Float](repeating: 0, count: all * rows), stateSums: [Float](repeating: 0, count: all * rows),
      lastOperand: nil, stateGradients: [])
  }
}

private func add(_ values: [Float], to sum: inout [Float]) {
  for i in sum.indices { sum[i] += values[i] }
}
