import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct FusedConvTests {
  private func fused(_ attributes: [String: Attribute] = [:]) -> OperatorCase {
    OperatorCase("FusedConv", domain: "com.microsoft", attributes)
  }

  @Test("FusedConv adds the residual before the activation")
  func residualThenActivation() throws {
    var random = SeededGenerator(seed: 1)
    let (x, w, b) = (random.tensor(1, 3, 6, 6), random.tensor(4, 3, 3, 3), random.tensor(4))
    let z = random.tensor(1, 4, 4, 4)
    let sum = zip(naiveConvolution(x, w, bias: b.floats).floats ?? [], z.floats ?? []).map { $0 + $1 }
    let relu = try fused(["activation": .string("Relu")]).run([x, w, b, z])
    #expect(isClose(relu[0], Tensor([1, 4, 4, 4], sum.map { max($0, 0) })), "seed 1")
    let clip = try fused(["activation": .string("Clip"), "activation_params": .floats([-0.5, 1])]).run([x, w, b, z])
    #expect(isClose(clip[0], Tensor([1, 4, 4, 4], sum.map { min(max($0, -0.5), 1) })), "seed 1")
    let plain = try fused().run([x, w, b, z])
    #expect(isClose(plain[0], Tensor([1, 4, 4, 4], sum)), "seed 1")
  }

  @Test("An unknown activation is KDC2011, a residual of another shape KDC2014")
  func faults() {
    var random = SeededGenerator(seed: 2)
    let inputs: [Tensor?] = [random.tensor(1, 3, 6, 6), random.tensor(4, 3, 3, 3)]
    #expect(fused(["activation": .string("Gelu")]).fault(inputs)?.id == .invalidAttribute)
    #expect(fused(["activation": .string("Clip")]).fault(inputs)?.id == .invalidAttribute)
    #expect(fused().fault(inputs + [nil, random.tensor(1, 4, 4, 1)])?.id == .shapeMismatch)
  }
}
