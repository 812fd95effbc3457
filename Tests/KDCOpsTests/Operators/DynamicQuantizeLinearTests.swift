import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct DynamicQuantizeLinearTests {
  private func run(_ x: [Float]) throws -> [Tensor] {
    var op = OperatorCase("DynamicQuantizeLinear", opset: 11)
    op.node.outputs = ["y", "scale", "zero"]
    return try op.run([Tensor([x.count], x)])
  }

  @Test("The range with 0 in it gives scale and zero point")
  func range() throws {
    let y = try run([-1, 0, 4.1])
    // 5.1 / 255 a step, and 50 steps below 0.
    #expect(y[0].bytes == [0, 50, 255])
    #expect(isClose(y[1], Tensor([], [0.02] as [Float])))
    #expect(y[2].bytes == [50])
    #expect(try run([2, 5.1])[0].bytes == [100, 255])
  }

  @Test("Zeros alone stay zeros")
  func zeros() throws {
    let y = try run([0, 0])
    #expect(y[0].bytes == [0, 0])
    #expect(y[1].floats == [0])
  }
}
