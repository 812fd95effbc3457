import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor

/// What GRU, LSTM and RNN share: attributes, shapes, and the walk over directions and steps.
///
/// X [steps, batch, input], W [directions, gates · hidden, input], R [directions, gates · hidden, hidden],
/// B [directions, 2 · gates · hidden], initial states [directions, batch, hidden].
package struct RecurrentLayer: Sendable {
  package enum Direction: String, Sendable, CaseIterable { case forward, reverse, bidirectional }
  package let gates: Int
  package let direction: Direction
  package let hiddenSize: Int?
  /// Of each direction.
  package let activations: [[RecurrentActivation]]
  /// Sums before activation functions are cut to −clip … clip.
  package let clip: Float?
  /// X, Y and the states begin with the batch (layout 1).
  package let isBatchFirst: Bool
  /// Whether the activation functions are the default ones, and nothing is clipped.
  package let isPlain: Bool
  package var directions: Int { direction == .bidirectional ? 2 : 1 }

  init(decoding node: Node, gates: Int, activations fallback: [String]) throws(Diagnostic) {
    self.gates = gates
    direction =
      Direction(
        rawValue: try node.choice("direction", default: "forward", of: Direction.allCases.map(\.rawValue))) ?? .forward
    hiddenSize = try node.optionalInt("hidden_size")
    let count = direction == .bidirectional ? 2 : 1
    activations = try RecurrentActivation.list(decoding: node, fallback, directions: count)
    clip = try node.optionalFloat("clip")
    if let clip, !(clip >= 0) { throw node.invalid("clip", "is \(clip), must not be negative") }
    isBatchFirst = try node.flag("layout", default: false)
    isPlain = clip == nil && activations.allSatisfy { $0.map(\.name) == fallback }
  }

  package struct Sizes: Sendable, Equatable {
    package var steps, batch, input, hidden: Int
  }

  /// Checks all inputs they share; `states` lists the inputs that are initial states.
  func sizes(
    _ op: some Operator, _ inputs: [OperatorInput?], states: [(index: Int, name: String)]
  ) throws(Diagnostic) -> Sizes {
    let x = try op.requiredFloat(inputs, 0, "X")
    let w = try op.requiredFloat(inputs, 1, "W")
    let r = try op.requiredFloat(inputs, 2, "R")
    guard x.rank == 3, w.rank == 3, r.rank == 3 else { throw op.shapeMismatch("X \(x), W \(w) and R \(r) need rank 3") }
    let hidden = r[2]
    let rows = gates * hidden
    guard hidden >= 1, hiddenSize == nil || hiddenSize == hidden, w.dims == [directions, rows, x[2]],
      r.dims == [directions, rows, hidden]
    else {
      throw op.shapeMismatch(
        "W \(w) and R \(r) must be [\(directions),\(gates)·hidden,\(x[2])] and [\(directions),\(gates)·hidden,hidden]",
        hint: hiddenSize.map { "hidden_size is \($0)" })
    }
    if let b = try op.optionalFloat(inputs, 3, "B"), b.dims != [directions, 2 * rows] {
      throw op.shapeMismatch("B \(b) must be [\(directions),\(2 * rows)]")
    }
    for state in states {
      guard let shape = try op.optionalFloat(inputs, state.index, state.name) else { continue }
      guard shape.dims == [directions, x[1], hidden] else {
        throw op.shapeMismatch("\(state.name) \(shape) must be [\(directions),\(x[1]),\(hidden)]")
      }
    }
    return Sizes(steps: x[0], batch: x[1], input: x[2], hidden: hidden)
  }

  /// Types of Y [steps, directions, batch, hidden] and of `states` final states [directions, batch, hidden].
  func outputTypes(_ sizes: Sizes, states: Int) -> [TensorType] {
    [TensorType(.float32, [sizes.steps, directions, sizes.batch, sizes.hidden])]
      + [TensorType](repeating: TensorType(.float32, [directions, sizes.batch, sizes.hidden]), count: states)
  }

  /// One direction's operands at one step, row-major, `rows` = gates · hidden wide.
  struct Cell {
    /// x_t · Wᵀ + its bias, [batch, rows].
    var input: UnsafePointer<Float>
    /// R [rows, hidden].
    var recurrent: UnsafePointer<Float>
    /// The bias of the recurrent half, [rows].
    var recurrentBias: UnsafePointer<Float>
  }

  /// Runs `step` over every direction and step; it updates the states [batch, hidden], the first of which is the output.
  func run(
    _ inputs: [Tensor?], states indices: [Int],
    step: (Cell, Sizes, [UnsafeMutablePointer<Float>]) -> Void
  ) throws -> [Tensor] {
    let x = try inputs.floats(0)
    let (w, r, bias) = (try inputs.floats(1), try inputs.floats(2), try inputs.optionalFloats(3))
    let sizes = Sizes(steps: x.shape[0], batch: x.shape[1], input: x.shape[2], hidden: r.shape[2])
    let rows = gates * sizes.hidden
    let stateCount = sizes.batch * sizes.hidden
    var states = try indices.map {
      try inputs.optionalFloats($0) ?? [Float](repeating: 0, count: directions * stateCount)
    }
    var y = [Float](repeating: 0, count: sizes.steps * directions * stateCount)
    let zeros = [Float](repeating: 0, count: 2 * rows)
    for d in 0..<directions {
      let biases = bias.map { Array($0[d * 2 * rows..<(d + 1) * 2 * rows]) } ?? zeros
      let projected = [Float](count: sizes.steps * sizes.batch * rows) { target in
        for i in 0..<sizes.steps * sizes.batch {
          for j in 0..<rows { target[i * rows + j] = biases[j] }
        }
        x.values.withPointer { x in
          w.values.withPointer { w in
            BLAS.gemm(
              transposeB: true, m: sizes.steps * sizes.batch, n: rows, k: sizes.input, a: x,
              b: w + d * rows * sizes.input, beta: 1, c: target)
          }
        }
      }
      let buffers = states.map { Array($0[d * stateCount..<(d + 1) * stateCount]) }
      let final = [Float](count: states.count * stateCount) { memory in
        for (index, buffer) in buffers.enumerated() {
          for (i, value) in buffer.enumerated() { memory[index * stateCount + i] = value }
        }
        let pointers = buffers.indices.map { memory + $0 * stateCount }
        projected.withPointer { projected in
          r.values.withPointer { r in
            biases.withPointer { biases in
              for index in 0..<sizes.steps {
                let t = direction == .reverse || d == 1 ? sizes.steps - 1 - index : index
                step(
                  Cell(
                    input: projected + t * sizes.batch * rows, recurrent: r + d * rows * sizes.hidden,
                    recurrentBias: biases + rows), sizes, pointers)
                for i in 0..<stateCount { y[(t * directions + d) * stateCount + i] = memory[i] }
              }
            }
          }
        }
      }
      for index in states.indices {
        states[index].replaceSubrange(
          d * stateCount..<(d + 1) * stateCount, with: final[index * stateCount..<(index + 1) * stateCount])
      }
    }
    let shape: Shape = [directions, sizes.batch, sizes.hidden]
    return [Tensor([sizes.steps, directions, sizes.batch, sizes.hidden], y)] + states.map { Tensor(shape, $0) }
  }
}

@inline(__always) func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }
