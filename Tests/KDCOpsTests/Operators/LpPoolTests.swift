import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct LpPoolTests {
  @Test("Windows in the padding and beyond it, which ceil_mode adds, sum what is there")
  func borders() throws {
    let x = Tensor([1, 1, 4], [3, -4, 3, 4] as [Float])
    let plain = OperatorCase("LpPool", ["kernel_shape": .ints([2]), "strides": .ints([2])])
    #expect(isClose(try plain.run([x])[0], Tensor([1, 1, 2], [5, 5] as [Float])))
    let padded = OperatorCase("LpPool", ["kernel_shape": .ints([2]), "pads": .ints([1, 1]), "p": .int(1)])
    #expect(isClose(try padded.run([x])[0], Tensor([1, 1, 5], [3, 7, 7, 7, 4] as [Float])))
    let ceil = OperatorCase(
      "LpPool", ["kernel_shape": .ints([3]), "strides": .ints([2]), "ceil_mode": .int(1), "p": .int(1)])
    #expect(isClose(try ceil.run([x])[0], Tensor([1, 1, 2], [10, 7] as [Float])))
  }
}
