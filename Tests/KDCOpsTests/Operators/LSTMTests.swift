import Foundation
import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct LSTMTests {
  /// One unit, all weights w, recurrent weights r, no bias: written out by hand.
  private func unit(_ xs: [Float], w: Float, r: Float) -> [Float] {
    var (h, c) = (Float(0), Float(0))
    return xs.map { x in
      let gate = x * w + h * r
      let s = 1 / (1 + exp(-gate))
      c = s * c + s * tanh(gate)
      h = s * tanh(c)
      return h
    }
  }

  private func constant(_ shape: Shape, _ value: Float) -> Tensor {
    Tensor(shape, [Float](repeating: value, count: shape.count))
  }

  @Test("LSTM of one unit equals the formula, forward and reverse")
  func formula() throws {
    let xs: [Float] = [1, -0.5, 2]
    let x = Tensor([3, 1, 1], xs)
    let weights = (constant([1, 4, 1], 0.7), constant([1, 4, 1], -0.3))
    let forward = try OperatorCase("LSTM", ["hidden_size": .int(1)]).run([x, weights.0, weights.1])
    let expected = unit(xs, w: 0.7, r: -0.3)
    #expect(isClose(forward[0], Tensor([3, 1, 1, 1], expected)))
    #expect(isClose(forward[1], Tensor([1, 1, 1], [expected[2]])))
    let reverse = try OperatorCase("LSTM", ["direction": .string("reverse")]).run([x, weights.0, weights.1])
    #expect(isClose(reverse[0], Tensor([3, 1, 1, 1], Array(unit(xs.reversed(), w: 0.7, r: -0.3).reversed()))))
  }

  @Test("A bidirectional LSTM is a forward and a reverse one side by side")
  func bidirectional() throws {
    var random = SeededGenerator(seed: 43)
    let x = random.tensor(4, 2, 3)
    let parts = (0..<2).map { _ in
      [
        random.tensor(1, 20, 3), random.tensor(1, 20, 5), random.tensor(1, 40), random.tensor(1, 2, 5),
        random.tensor(1, 2, 5),
      ]
    }
    func inputs(_ parts: [Tensor]) -> [Tensor?] { [x, parts[0], parts[1], parts[2], nil, parts[3], parts[4]] }
    let both = try OperatorCase("LSTM", ["direction": .string("bidirectional")]).run(
      inputs(
        (0..<5).map { i in
          let dims = parts[0][i].shape.dims
          return Tensor(Shape([2] + dims.dropFirst()), (parts[0][i].floats ?? []) + (parts[1][i].floats ?? []))
        }))
    let forward = try OperatorCase("LSTM").run(inputs(parts[0]))
    let reverse = try OperatorCase("LSTM", ["direction": .string("reverse")]).run(inputs(parts[1]))
    for t in 0..<4 {
      for i in 0..<10 {
        #expect(both[0].floats?[t * 20 + i] == forward[0].floats?[t * 10 + i], "seed 43")
        #expect(both[0].floats?[t * 20 + 10 + i] == reverse[0].floats?[t * 10 + i], "seed 43")
      }
    }
    #expect(both[2].floats == (forward[2].floats ?? []) + (reverse[2].floats ?? []), "seed 43")
  }

  /// X, W, R, B, no lengths, and both initial states of two directions.
  private static func operands() -> [Tensor?] {
    var random = SeededGenerator(seed: 47)
    return [
      random.tensor(4, 3, 2), random.tensor(2, 20, 2), random.tensor(2, 20, 5), random.tensor(2, 40), nil,
      random.tensor(2, 3, 5), random.tensor(2, 3, 5),
    ]
  }

  @Test("The composition, here because of a clip that changes nothing, equals the layer's own form")
  func composition() throws {
    let direction = ["direction": Attribute.string("bidirectional")]
    let own = try OperatorCase("LSTM", direction).run(Self.operands())
    let composed = try OperatorCase("LSTM", direction.merging(["clip": .float(1000)]) { $1 }).run(Self.operands())
    #expect(own.count == 3 && zip(composed, own).allSatisfy { isClose($0, $1, tolerance: 1e-4) })
  }

  @Test("Layout 1 is the same with the batch first", arguments: [nil, 1000] as [Float?])
  func layout(clip: Float?) throws {
    let operands = Self.operands()
    func swapped(_ tensor: Tensor?, _ order: [Int]) throws -> Tensor {
      try OperatorCase("Transpose", ["perm": .ints(order.map { Int64($0) })]).run([tensor])[0]
    }
    var turned = operands
    for index in [0, 5, 6] { turned[index] = try swapped(operands[index], [1, 0, 2]) }
    var attributes = ["direction": Attribute.string("bidirectional")]
    let expected = try OperatorCase("LSTM", attributes).run(operands)
    attributes["layout"] = .int(1)
    if let clip { attributes["clip"] = .float(clip) }
    let results = try OperatorCase("LSTM", attributes).run(turned)
    #expect(isClose(results[0], try swapped(expected[0], [2, 0, 1, 3]), tolerance: 1e-4))
    #expect(isClose(results[2], try swapped(expected[2], [1, 0, 2]), tolerance: 1e-4))
  }

  @Test("A shorter sequence ends earlier: the rest of Y is 0, the last states are those of its end")
  func lengths() throws {
    var operands = Self.operands()
    operands[4] = Tensor([3], [4, 2, 0] as [Int32])
    let results = try OperatorCase("LSTM", ["direction": .string("bidirectional")]).run(operands)
    let y = results[0].floats ?? []
    // Y [4, 2, 3, 5]: sequence 1 from step 2 on, and all of sequence 2.
    for row in 0..<24 {
      let isEmpty = y[row * 5..<row * 5 + 5].allSatisfy { $0 == 0 }
      let (step, length) = (row / 6, [4, 2, 0][row % 3])
      #expect(isEmpty == (step >= length), "row \(row)")
    }
    // Forward, sequence 1: the state after step 1. Sequence 2: its initial state.
    let last = (1 * 2 * 3 + 1) * 5
    #expect(results[1].floats?[5..<10] == y[last..<last + 5])
    #expect(results[1].floats?[10..<15] == operands[5]?.floats?[10..<15])
    var alone = operands
    alone[4] = nil
    for index in [0, 5, 6] { alone[index] = operands[index].map { sequence(1, of: $0, rows: 2) } }
    let short = try OperatorCase("LSTM", ["direction": .string("bidirectional")]).run(alone)
    for index in 0..<5 {
      let (one, other) = (try #require(short[1].floats)[5 + index], try #require(results[1].floats)[20 + index])
      #expect(abs(one - other) < 1e-5)
    }
  }

  /// Sequence `index` of [any, 3, columns], its first `rows` rows.
  private func sequence(_ index: Int, of tensor: Tensor, rows: Int) -> Tensor {
    let (values, columns) = (tensor.floats ?? [], tensor.shape[2])
    var picked: [Float] = []
    for row in 0..<rows {
      let start = (row * 3 + index) * columns
      picked += values[start..<start + columns]
    }
    return Tensor([rows, 1, columns], picked)
  }

  @Test("Peepholes, a coupled forget gate and activation functions with constants equal the formula")
  func special() throws {
    // One unit, one step: all sums are 1.
    let x: [Tensor?] = [constant([1, 1, 1], 1), constant([1, 4, 1], 1), constant([1, 4, 1], 0)]
    let relu: [String: Attribute] = [
      "activations": .strings(["Affine", "LeakyRelu", "ScaledTanh"]), "activation_alpha": .floats([0.5, 0.1, 2]),
      "activation_beta": .floats([0.25, 0.5]), "input_forget": .int(1),
    ]
    let states: [Tensor?] = [nil, nil, constant([1, 1, 1], 0), constant([1, 1, 1], 2), constant([1, 3], 1)]
    let results = try OperatorCase("LSTM", relu).run(x + states)
    // i = 0.5 · (1 + 2) + 0.25 = 1.75, f = −0.75, c = −1.5 + 1.75 = 0.25, o = 0.5 · 1.25 + 0.25 = 0.875
    #expect(results[2].floats == [0.25])
    #expect(isClose(results[1], constant([1, 1, 1], 0.875 * 2 * tanh(0.125))))
  }

  @Test("Activations that ONNX has not are KDC2011, weights that do not fit KDC2014")
  func faults() {
    let inputs: [Tensor?] = [constant([3, 1, 1], 1), constant([1, 4, 1], 1), constant([1, 4, 1], 1)]
    for attribute in [
      ["activations": Attribute.strings(["Relu"])], ["activations": .strings(["Mish", "Tanh", "Tanh"])],
      ["clip": .float(-1)], ["direction": .string("sideways")],
    ] { #expect(OperatorCase("LSTM", attribute).fault(inputs)?.id == .invalidAttribute) }
    #expect(OperatorCase("LSTM", ["hidden_size": .int(2)]).fault(inputs)?.id == .shapeMismatch)
    let lengths = Tensor([2], [1, 1] as [Int32])
    #expect(OperatorCase("LSTM").fault(inputs + [nil, lengths])?.id == .shapeMismatch)
  }
}
