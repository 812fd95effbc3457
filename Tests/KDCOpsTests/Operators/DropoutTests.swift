import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct DropoutTests {
  private func dropout(opset: Int = 13) -> OperatorCase {
    var result = OperatorCase("Dropout", opset: opset)
    result.node.outputs = ["y", "mask"]
    return result
  }

  @Test("Dropout at inference gives its input and a mask of ones")
  func inference() throws {
    let x = Tensor([2], [1, -2] as [Float])
    let y = try dropout().run([x])
    #expect(y[0].floats == [1, -2])
    #expect(y[1].dataType == .bool && y[1].cast(to: .float32).floats == [1, 1])
    #expect(try dropout(opset: 7).run([x])[1].floats == [1, 1])
  }

  @Test("Dropout in training mode is KDC2013")
  func training() {
    let fault = dropout().fault([Tensor([1], [1] as [Float]), nil, Tensor([], [true])])
    #expect(fault?.id == .unsupportedAttribute)
  }
}
