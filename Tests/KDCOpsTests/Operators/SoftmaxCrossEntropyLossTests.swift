import Foundation
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct SoftmaxCrossEntropyLossTests {
  @Test("The loss of even scores is log 2; the logarithms are the second output")
  func values() throws {
    let x = Tensor([1, 2, 2], [1, 0, 1, 0] as [Float])
    let labels = Tensor([1, 2], [0, 1] as [Int64])
    var loss = OperatorCase("SoftmaxCrossEntropyLoss")
    loss.node.outputs = ["y", "p"]
    let results = try loss.run([x, labels])
    #expect(isClose(results[0], Tensor([], [log(2)] as [Float])))
    #expect(isClose(results[1], Tensor([1, 2, 2], [Float](repeating: -log(2), count: 4))))
  }

  @Test("A weight that is not of the classes is KDC2014")
  func weight() {
    let (x, labels) = (Tensor([1, 2], [0, 0] as [Float]), Tensor([1], [0] as [Int64]))
    let fault = OperatorCase("SoftmaxCrossEntropyLoss").fault([x, labels, Tensor([1], [1] as [Float])])
    #expect(fault?.id == .shapeMismatch)
  }
}
