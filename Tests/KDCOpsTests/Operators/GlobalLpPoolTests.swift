import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct GlobalLpPoolTests {
  @Test("Norms of each channel, the Euclidean one by default")
  func values() throws {
    let x = Tensor([1, 2, 1, 2], [3, -4, 6, 8] as [Float])
    #expect(isClose(try OperatorCase("GlobalLpPool").run([x])[0], Tensor([1, 2, 1, 1], [5, 10] as [Float])))
    #expect(try OperatorCase("GlobalLpPool", ["p": .int(1)]).run([x])[0].floats == [7, 14])
    let cubes = try OperatorCase("GlobalLpPool", ["p": .int(3)]).run([Tensor([1, 1, 2], [1, -2] as [Float])])[0]
    #expect(isClose(cubes, Tensor([1, 1, 1], [2.0800838] as [Float])))
  }
}
