import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct QuickGeluTests {
  @Test("QuickGelu is x · sigmoid(alpha · x)", arguments: [1, 1.702] as [Float])
  func values(_ alpha: Float) throws {
    let x = Tensor([3], [-2, 0, 1.5] as [Float])
    // −2/(1+e²) …; with alpha 1.702 −2/(1+e^3.404) …
    let y: [Float] = alpha == 1 ? [-0.23840584, 0, 1.2263617] : [-0.064341377, 0, 1.3916622]
    let result = try OperatorCase("QuickGelu", domain: "com.microsoft", ["alpha": .float(alpha)]).run([x])[0]
    #expect(isClose(result, Tensor([3], y)))
  }
}
