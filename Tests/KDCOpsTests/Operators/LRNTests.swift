import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct LRNTests {
  @Test("The window of an even size reaches one channel further up than down; the ends have fewer channels")
  func window() throws {
    let x = Tensor([1, 4, 1, 1], [1, 2, 3, 4] as [Float])
    let lrn = OperatorCase("LRN", ["size": .int(2), "alpha": .float(2), "beta": .float(1), "bias": .float(1)])
    // Sums of squares 1 + 4, 4 + 9, 9 + 16, 16.
    let expected = Tensor([1, 4, 1, 1], [1.0 / 6, 2.0 / 14, 3.0 / 26, 4.0 / 17] as [Float])
    #expect(isClose(try lrn.run([x])[0], expected))
  }

  @Test("The default exponent is 0.75")
  func exponent() throws {
    let x = Tensor([1, 1, 1, 1], [4] as [Float])
    let lrn = OperatorCase("LRN", ["size": .int(1), "alpha": .float(1), "bias": .float(0)])
    #expect(isClose(try lrn.run([x])[0], Tensor([1, 1, 1, 1], [0.5] as [Float])))
  }

  @Test("A size that is not positive is KDC2011")
  func size() {
    #expect(OperatorCase("LRN", ["size": .int(0)]).fault([nil])?.id == .invalidAttribute)
  }
}
