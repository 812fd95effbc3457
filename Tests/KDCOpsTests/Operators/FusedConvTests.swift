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

  @Test("Activations that steps do not have, and windows over three axes")
  func composed() throws {
    let x = Tensor([1, 1, 1, 2], [1, -2] as [Float])
    let w = Tensor([1, 1, 1, 1], [1] as [Float])
    let leaky = fused(["activation": .string("LeakyRelu"), "activation_params": .floats([0.25])])
    #expect(try leaky.run([x, w, nil, x])[0].floats == [2, -1])
    let tanh = try fused(["activation": .string("Tanh")]).run([x, w])[0]
    #expect(isClose(tanh, Tensor([1, 1, 1, 2], [0.7615942, -0.9640276] as [Float])))
    let hard = fused(["activation": .string("HardSigmoid"), "activation_params": .floats([0.5, 0.25])])
    #expect(try hard.run([x, w])[0].floats == [0.75, 0])
    let volume = Tensor([1, 1, 2, 1, 2], [1, 2, -3, -4] as [Float])
    let kernel = Tensor([1, 1, 2, 1, 1], [1, 1] as [Float])
    let relu = fused(["activation": .string("Relu")])
    #expect(try relu.run([volume, kernel, Tensor([1], [2.5] as [Float])])[0].floats == [0.5, 0.5])
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
