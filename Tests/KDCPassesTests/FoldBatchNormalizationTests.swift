import KDCGraph
import KDCPasses
import KDCTensor
import Testing

@Suite struct FoldBatchNormalizationTests {
  @Test("A BatchNormalization behind a convolution disappears into it, with groups and without a bias")
  func convolution() throws {
    var b = GraphBuilder()
    b.input("x", [1, 4, 5, 5])
    b.weight("w", [6, 2, 3, 3])
    b.node("Conv", ["x", "w"], "t", ["group": .int(2), "pads": .ints([1, 1, 1, 1])])
    b.batchNormalization("t", "y", channels: 6)
    b.graph.outputs = ["y"]
    let (result, changes) = try apply(CanonicalizeConvolution.self, FoldBatchNormalization.self, to: b.graph)
    #expect(changes == 1)
    #expect(result.opTypes == ["FusedConv"])
  }

  @Test("A BatchNormalization behind a transposed convolution disappears into it", arguments: [1, 2])
  func transposed(_ group: Int) throws {
    var b = GraphBuilder()
    b.input("x", [1, 4, 3, 3])
    b.weight("w", [4, 3, 2, 2])
    b.node("ConvTranspose", ["x", "w"], "t", ["group": .int(Int64(group)), "strides": .ints([2, 2])])
    b.batchNormalization("t", "y", channels: 3 * group)
    b.graph.outputs = ["y"]
    let (result, _) = try apply(FoldBatchNormalization.self, to: b.graph)
    #expect(result.opTypes == ["ConvTranspose"])
  }

  @Test("A BatchNormalization behind a Gemm disappears into it")
  func gemm() throws {
    var b = GraphBuilder()
    b.input("x", [2, 4])
    b.weight("w", [4, 3])
    b.node("Gemm", ["x", "w"], "t")
    b.batchNormalization("t", "y", channels: 3)
    b.graph.outputs = ["y"]
    let (result, _) = try apply(CanonicalizeMatMul.self, FoldBatchNormalization.self, to: b.graph)
    #expect(result.opTypes == ["FusedGemm"])
  }

  @Test("A convolution that is read elsewhere keeps its BatchNormalization, and shared weights keep their values")
  func shared() throws {
    var b = GraphBuilder()
    b.input("x", [1, 2, 3, 3])
    b.weight("w", [2, 2, 1, 1])
    b.node("Conv", ["x", "w"], "t")
    b.node("Conv", ["t", "w"], "u")
    b.batchNormalization("t", "v", channels: 2)
    b.batchNormalization("u", "p", channels: 2)
    b.node("Add", ["v", "p"], "y")
    b.graph.outputs = ["y"]
    let (result, changes) = try apply(CanonicalizeConvolution.self, FoldBatchNormalization.self, to: b.graph)
    #expect(changes == 1)
    #expect(result.opTypes.filter { $0 == "BatchNormalization" }.count == 1)
  }
}
