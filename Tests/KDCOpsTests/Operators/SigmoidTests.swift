import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct SigmoidTests {
  @Test("Sigmoid is the logistic function")
  func values() throws {
    let x = Tensor([7], [-3.5, -1.0, -0.25, 0.0, 0.5, 2.0, 7.0] as [Float])
    let y = Tensor([7], [0.029312231, 0.26894142, 0.4378235, 0.5, 0.62245933, 0.88079708, 0.99908895] as [Float])
    #expect(isClose(try OperatorCase("Sigmoid").run([x])[0], y))
  }

  @Test("Sigmoid takes float16, computed in float32, and refuses integers")
  func types() throws {
    let half = try OperatorCase("Sigmoid").run([Tensor([1], .float16([0]))])
    #expect(half[0].dataType == .float16 && half[0].cast(to: .float32).floats == [0.5])
    #expect(OperatorCase("Sigmoid").fault([Tensor([1], [0] as [Int64])])?.id == .typeMismatch)
  }
}
