import Foundation
import KDCGraph
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct RecurrentGradientTests {
  private let steps = 4
  private let batch = 2
  private let size = 3
  private let hidden = 5

  private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  /// Walks the steps of every direction: `cell` gets x·W + its bias, h·R + its bias, the rows of R of the last gate with
  /// its bias, and the states of one sample, which it updates. Outputs Y and the final states.
  private func walk(
    _ v: [[Double]], gates: Int, direction: String, states: Int,
    cell: (_ input: [Double], _ state: [Double], _ last: ([Double]) -> [Double], inout [[Double]]) -> Void
  ) -> [[Double]] {
    let directions = direction == "bidirectional" ? 2 : 1
    let rows = gates * hidden
    var y = [Double](repeating: 0, count: steps * directions * batch * hidden)
    var finals = [[Double]](repeating: [Double](repeating: 0, count: directions * batch * hidden), count: states)
    for d in 0..<directions {
      for b in 0..<batch {
        let offset = (d * batch + b) * hidden
        var state = (0..<states).map { index in
          v[5 + index].isEmpty ? [Double](repeating: 0, count: hidden) : Array(v[5 + index][offset..<offset + hidden])
        }
        func recurrent(_ row: Int, _ h: [Double]) -> Double {
          var sum = v[3].isEmpty ? 0 : v[3][d * 2 * rows + rows + row]
          for j in 0..<hidden { sum += v[2][(d * rows + row) * hidden + j] * h[j] }
          return sum
        }
        for index in 0..<steps {
          let t = direction == "reverse" || d == 1 ? steps - 1 - index : index
          let input = (0..<rows).map { row in
            var sum = v[3].isEmpty ? 0 : v[3][d * 2 * rows + row]
            for j in 0..<size { sum += v[1][(d * rows + row) * size + j] * v[0][(t * batch + b) * size + j] }
            return sum
          }
          let h = state[0]
          cell(
            input, (0..<rows).map { recurrent($0, h) },
            { operand in (rows - hidden..<rows).map { recurrent($0, operand) } }, &state)
          for j in 0..<hidden { y[((t * directions + d) * batch + b) * hidden + j] = state[0][j] }
        }
        for index in 0..<states { finals[index].replaceSubrange(offset..<offset + hidden, with: state[index]) }
      }
    }
    return [y] + finals
  }

  private func inputs(_ random: inout SeededGenerator, gates: Int, directions: Int, states: Int, full: Bool)
    -> [Tensor?]
  {
    let rows = gates * hidden
    let first: [Tensor?] = [
      random.tensor(steps, batch, size), random.tensor(directions, rows, size), random.tensor(directions, rows, hidden),
    ]
    guard full else { return first + [Tensor?](repeating: nil, count: 2 + states) }
    return first + [random.tensor(directions, 2 * rows), nil]
      + (0..<states).map { _ in random.tensor(directions, batch, hidden) }
  }

  @Test(
    "LSTM's gradients equal central differences in every direction", arguments: ["forward", "reverse", "bidirectional"])
  func lstm(direction: String) throws {
    var random = SeededGenerator(seed: 191)
    for (full, used) in [(true, [0, 1, 2]), (false, [0]), (true, [1]), (true, [2])] {
      let inputs = inputs(
        &random, gates: 4, directions: direction == "bidirectional" ? 2 : 1, states: 2, full: full)
      let op = OperatorCase("LSTM", ["direction": .string(direction), "hidden_size": .int(5)])
      try GradientCheck(name: "LSTM \(direction) \(used)", op: op, inputs: inputs, used: used) { v in
        walk(v, gates: 4, direction: direction, states: 2) { input, recurrent, _, state in
          let sums = zip(input, recurrent).map { $0 + $1 }
          for j in 0..<hidden {
            let memory =
              sigmoid(sums[2 * hidden + j]) * state[1][j] + sigmoid(sums[j]) * tanh(sums[3 * hidden + j])
            state[1][j] = memory
            state[0][j] = sigmoid(sums[hidden + j]) * tanh(memory)
          }
        }
      }.run(seed: 192)
    }
  }

  @Test(
    "GRU's gradients equal central differences with the reset before and after",
    arguments: ["forward", "reverse", "bidirectional"])
  func gru(direction: String) throws {
    var random = SeededGenerator(seed: 193)
    for (linear, full, used) in [(true, true, [0, 1]), (false, true, [0, 1]), (true, false, [0]), (false, true, [1])] {
      let inputs = inputs(
        &random, gates: 3, directions: direction == "bidirectional" ? 2 : 1, states: 1, full: full)
      let op = OperatorCase(
        "GRU",
        ["direction": .string(direction), "hidden_size": .int(5), "linear_before_reset": .int(linear ? 1 : 0)])
      try GradientCheck(name: "GRU \(direction) \(linear) \(used)", op: op, inputs: inputs, used: used) { v in
        walk(v, gates: 3, direction: direction, states: 1) { input, recurrent, last, state in
          let h = state[0]
          let reset = (0..<hidden).map { sigmoid(input[hidden + $0] + recurrent[hidden + $0]) }
          let product = linear ? [] : last((0..<hidden).map { reset[$0] * h[$0] })
          for j in 0..<hidden {
            let z = sigmoid(input[j] + recurrent[j])
            let way = linear ? reset[j] * recurrent[2 * hidden + j] : product[j]
            state[0][j] = (1 - z) * tanh(input[2 * hidden + j] + way) + z * h[j]
          }
        }
      }.run(seed: 194)
    }
  }
}
