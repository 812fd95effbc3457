import KDCDiagnostics
import KDCOps
import KDCTensor
import Testing

@Suite struct SoftmaxTests {
  @Test("Softmax normalises along its axis from opset 13 on")
  func alongAxis() throws {
    let x = Tensor([2, 2], [0, 1, 2, 2] as [Float])
    let e: Float = 2.7182817
    let columns = try OperatorCase("Softmax", ["axis": .int(0)]).run([x])
    #expect(
      isClose(columns[0], Tensor([2, 2], [1 / (1 + e * e), 1 / (1 + e), e * e / (1 + e * e), e / (1 + e)] as [Float])))
    let rows = try OperatorCase("Softmax").run([x])
    #expect(isClose(rows[0], Tensor([2, 2], [1 / (1 + e), e / (1 + e), 0.5, 0.5] as [Float])))
  }

  @Test("Softmax before opset 13 takes all axes from its axis on together")
  func flattening() throws {
    let x = Tensor([1, 2, 2], [Float](repeating: 3, count: 4))
    let y = try OperatorCase("Softmax", opset: 11).run([x])
    #expect(y[0].floats == [0.25, 0.25, 0.25, 0.25])
  }

  @Test("Softmax of large values does not overflow")
  func large() throws {
    let y = try OperatorCase("Softmax").run([Tensor([1, 2], [1e30, 1e30] as [Float])])
    #expect(y[0].floats == [0.5, 0.5])
  }

  @Test("An axis outside the input is KDC2011")
  func badAxis() {
    let fault = OperatorCase("Softmax", ["axis": .int(2)]).fault([Tensor([2, 2], [0, 1, 2, 2] as [Float])])
    #expect(fault?.id == .invalidAttribute)
  }
}
