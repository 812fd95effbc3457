import Foundation
import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct LogSoftmaxTests {
  @Test("LogSoftmax is the logarithm of Softmax along every axis, before and after opset 13")
  func logarithm() throws {
    var random = SeededGenerator(seed: 41)
    let x = random.tensor(2, 3, 4)
    for opset in [11, 13] {
      for axis in 0..<3 {
        let attributes: [String: Attribute] = ["axis": .int(Int64(axis))]
        let soft = try OperatorCase("Softmax", opset: opset, attributes).run([x])[0]
        let log = try OperatorCase("LogSoftmax", opset: opset, attributes).run([x])[0]
        let back = Tensor(soft.shape, (log.floats ?? []).map { exp($0) })
        #expect(isClose(back, soft), "opset \(opset), axis \(axis), seed 41")
      }
    }
  }

  @Test("An axis outside the input is KDC2011")
  func badAxis() {
    let fault = OperatorCase("LogSoftmax", ["axis": .int(-3)]).fault([Tensor([1, 2], [0, 1] as [Float])])
    #expect(fault?.id == .invalidAttribute)
  }
}
