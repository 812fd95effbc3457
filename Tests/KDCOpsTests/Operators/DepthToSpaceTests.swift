import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct DepthToSpaceTests {
  private let x = Tensor([1, 8, 1, 1], (0..<8).map(Float.init))

  @Test("DCR takes the block position from the outer channels, CRD from the inner ones")
  func modes() throws {
    let dcr = try OperatorCase("DepthToSpace", ["blocksize": .int(2)]).run([x])[0]
    #expect(dcr.shape == [1, 2, 2, 2])
    #expect(dcr.floats == [0, 2, 4, 6, 1, 3, 5, 7])
    let crd = try OperatorCase("DepthToSpace", ["blocksize": .int(2), "mode": .string("CRD")]).run([x])[0]
    #expect(crd.floats == [0, 1, 2, 3, 4, 5, 6, 7])
  }

  @Test("Channels that are no multiple of the block are KDC2014, a block of 0 KDC2011")
  func faults() {
    #expect(OperatorCase("DepthToSpace", ["blocksize": .int(3)]).fault([x])?.id == .shapeMismatch)
    #expect(OperatorCase("DepthToSpace", ["blocksize": .int(0)]).fault([x])?.id == .invalidAttribute)
    #expect(OperatorCase("DepthToSpace").fault([x])?.id == .invalidAttribute)
  }
}
