import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MeanVarianceNormalizationTests {
  @Test("Each axis that is not listed has statistics of its own")
  func values() throws {
    let x = Tensor([2, 2], [1, 10, 3, 30] as [Float])
    let columns = OperatorCase("MeanVarianceNormalization", ["axes": .ints([0])])
    #expect(try columns.run([x])[0].floats == [-1, -1, 1, 1])
    let rows = OperatorCase("MeanVarianceNormalization", ["axes": .ints([-1])])
    #expect(try rows.run([x])[0].floats == [-1, 1, -1, 1])
  }

  @Test("Axes outside of the input are KDC2011")
  func outside() {
    #expect(OperatorCase("MeanVarianceNormalization").fault([Tensor([1], [1] as [Float])])?.id == .invalidAttribute)
  }
}
