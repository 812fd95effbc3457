import Foundation
import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct GRUTests {
  /// One unit with weight w, recurrent weight r and recurrent bias b for every gate, written out by hand.
  private func unit(_ xs: [Float], w: Float, r: Float, b: Float, linear: Bool) -> [Float] {
    var h: Float = 0
    return xs.map { x in
      let z = 1 / (1 + exp(-(x * w + h * r + b)))
      let n = tanh(linear ? x * w + z * (h * r + b) : x * w + z * h * r + b)
      h = (1 - z) * n + z * h
      return h
    }
  }

  private func constant(_ shape: Shape, _ value: Float) -> Tensor {
    Tensor(shape, [Float](repeating: value, count: shape.count))
  }

  @Test("GRU of one unit equals the formula, with and without linear_before_reset", arguments: [false, true])
  func formula(_ linear: Bool) throws {
    let xs: [Float] = [1, -0.5, 2]
    let bias = Tensor([1, 6], [0, 0, 0, 0.2, 0.2, 0.2] as [Float])
    let y = try OperatorCase("GRU", ["linear_before_reset": .int(linear ? 1 : 0)]).run([
      Tensor([3, 1, 1], xs), constant([1, 3, 1], 0.7), constant([1, 3, 1], -0.9), bias,
    ])
    let expected = unit(xs, w: 0.7, r: -0.9, b: 0.2, linear: linear)
    #expect(isClose(y[0], Tensor([3, 1, 1, 1], expected)))
    #expect(isClose(y[1], Tensor([1, 1, 1], [expected[2]])))
  }

  @Test("GRU continues from its initial state")
  func initialState() throws {
    var random = SeededGenerator(seed: 44)
    let (x, w, r, b) = (random.tensor(4, 2, 3), random.tensor(1, 15, 3), random.tensor(1, 15, 5), random.tensor(1, 30))
    let whole = try OperatorCase("GRU").run([x, w, r, b])
    let values = x.floats ?? []
    let first = try OperatorCase("GRU").run([Tensor([2, 2, 3], Array(values[..<12])), w, r, b])
    let second = try OperatorCase("GRU").run([Tensor([2, 2, 3], Array(values[12...])), w, r, b, nil, first[1]])
    #expect(isClose(second[1], whole[1]), "seed 44")
  }

  @Test("The composition, here because of a clip that changes nothing, equals the layer's own form", arguments: [0, 1])
  func composition(linearBeforeReset: Int) throws {
    var random = SeededGenerator(seed: 48)
    let operands: [Tensor?] = [
      random.tensor(4, 2, 3), random.tensor(2, 15, 3), random.tensor(2, 15, 5), random.tensor(2, 30), nil,
      random.tensor(2, 2, 5),
    ]
    let attributes: [String: Attribute] = [
      "direction": .string("bidirectional"), "linear_before_reset": .int(Int64(linearBeforeReset)),
    ]
    let own = try OperatorCase("GRU", attributes).run(operands)
    let composed = try OperatorCase("GRU", attributes.merging(["clip": .float(1000)]) { $1 }).run(operands)
    #expect(own.count == 2 && zip(composed, own).allSatisfy { isClose($0, $1, tolerance: 1e-4) }, "seed 48")
  }

  @Test("Activations that ONNX has not are KDC2011, a bias of another size KDC2014")
  func faults() {
    let inputs: [Tensor?] = [constant([3, 1, 1], 1), constant([1, 3, 1], 1), constant([1, 3, 1], 1)]
    let other = OperatorCase("GRU", ["activations": .strings(["Sigmoid", "Gelu"])])
    #expect(other.fault(inputs)?.id == .invalidAttribute)
    #expect(OperatorCase("GRU").fault(inputs + [constant([1, 3], 1)])?.id == .shapeMismatch)
  }
}
