import Foundation
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct RNNTests {
  private static let x = Tensor([2, 1, 1], [1, 2] as [Float])
  private static let w = Tensor([1, 1, 1], [0.5] as [Float])
  private static let r = Tensor([1, 1, 1], [2] as [Float])

  @Test("Each state follows from the one before, forwards and backwards")
  func steps() throws {
    let bias = Tensor([1, 2], [0.25, 0.25] as [Float])
    let relu = ["activations": Attribute.strings(["Relu"])]
    let forward = try OperatorCase("RNN", relu).run([Self.x, Self.w, Self.r, bias])
    // 0.5 + 0.5 = 1, then 1 + 2 + 0.5 = 3.5.
    #expect(forward[0].floats == [1, 3.5] && forward[1].floats == [3.5])
    let backward = try OperatorCase("RNN", relu.merging(["direction": .string("reverse")]) { $1 }).run(
      [Self.x, Self.w, Self.r, bias])
    // 1 + 0.5 = 1.5 at step 1, then 0.5 + 3 + 0.5 = 4 at step 0.
    #expect(backward[0].floats == [4, 1.5] && backward[1].floats == [4])
  }

  @Test("The default is tanh; clip cuts what goes in")
  func activation() throws {
    let y = try OperatorCase("RNN").run([Self.x, Self.w, Self.r])[0]
    #expect(isClose(y, Tensor([2, 1, 1, 1], [tanh(0.5), tanh(1 + 2 * tanh(0.5))] as [Float])))
    let clipped = try OperatorCase("RNN", ["clip": .float(0.25)]).run([Self.x, Self.w, Self.r])[0]
    #expect(isClose(clipped, Tensor([2, 1, 1, 1], [tanh(0.25), tanh(0.25)] as [Float])))
  }

  @Test("Weights that do not fit are KDC2014")
  func faults() {
    #expect(OperatorCase("RNN").fault([Self.x, Self.w, Tensor([1, 2, 1], [1, 1] as [Float])])?.id == .shapeMismatch)
  }
}
