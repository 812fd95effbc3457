import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct CeluTests {
  @Test("Celu is x from 0 on, and alpha·(e^(x/alpha) − 1) below")
  func values() throws {
    let x = Tensor([5], [-3.5, -1, 0, 0.5, 7] as [Float])
    let y = Tensor([5], [-1.65245211, -0.786938681, 0, 0.5, 7] as [Float])
    let op = OperatorCase("Celu", ["alpha": .float(2)])
    #expect(isClose(try op.run([x])[0], y, tolerance: 3e-7))
  }

  @Test("An alpha that is not positive is KDC2013")
  func badAlpha() {
    #expect(
      OperatorCase("Celu", ["alpha": .float(-1)]).fault([Tensor([1], [1] as [Float])])?.id == .unsupportedAttribute)
  }
}
