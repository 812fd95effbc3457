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

  @Test("Other activations, clip and layout 1 are KDC2013, weights that do not fit KDC2014")
  func faults() {
    let inputs: [Tensor?] = [constant([3, 1, 1], 1), constant([1, 4, 1], 1), constant([1, 4, 1], 1)]
    for attribute in [
      ["activations": Attribute.strings(["Relu", "Tanh", "Tanh"])], ["clip": .float(1)], ["layout": .int(1)],
      ["input_forget": .int(1)],
    ] { #expect(OperatorCase("LSTM", attribute).fault(inputs)?.id == .unsupportedAttribute) }
    #expect(OperatorCase("LSTM", ["hidden_size": .int(2)]).fault(inputs)?.id == .shapeMismatch)
    #expect(OperatorCase("LSTM", ["direction": .string("sideways")]).fault(inputs)?.id == .invalidAttribute)
    let lengths = Tensor([1], Tensor.Elements.int32([2]))
    #expect(OperatorCase("LSTM").fault(inputs + [nil, lengths])?.id == .unsupportedAttribute)
  }
}
