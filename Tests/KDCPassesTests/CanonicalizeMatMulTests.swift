import KDCGraph
import KDCPasses
import KDCTensor
import Testing

@Suite struct CanonicalizeMatMulTests {
  @Test("A Gemm's factors and transposes are folded into constants", arguments: [0, 1], [0, 1])
  func gemm(_ transA: Int64, _ transB: Int64) throws {
    var b = GraphBuilder()
    b.input("x", transA == 1 ? [4, 2] : [2, 4])
    b.weight("w", transB == 1 ? [3, 4] : [4, 3])
    b.weight("c", [1, 3])
    b.node(
      "Gemm", ["x", "w", "c"], "y",
      ["alpha": .float(0.5), "beta": .float(2), "transA": .int(transA), "transB": .int(transB)])
    b.graph.outputs = ["y"]
    let (result, _) = try apply(CanonicalizeMatMul.self, to: b.graph)
    #expect(result.opTypes == (transA == 1 ? ["Transpose", "FusedGemm"] : ["FusedGemm"]))
    #expect(result.nodes.last.flatMap { result.initializers[$0.inputs[1]] }?.shape == [3, 4])
    #expect(result.nodes.last.flatMap { result.initializers[$0.inputs[2]] }?.shape == [3])
  }

  @Test(
    "A MatMul of stacked rows with a constant matrix becomes a FusedGemm", arguments: [[4, 3], [1, 4, 3]] as [Shape])
  func matMul(_ weight: Shape) throws {
    var b = GraphBuilder()
    b.input("x", [2, 5, 4])
    b.weight("w", weight)
    b.node("MatMul", ["x", "w"], "y")
    b.graph.outputs = ["y"]
    #expect(try apply(CanonicalizeMatMul.self, to: b.graph).graph.opTypes == ["FusedGemm"])
  }

  @Test("A product of two computed matrices, and one with a bias per row, stay")
  func unfit() throws {
    var b = GraphBuilder()
    b.input("x", [2, 2])
    b.weight("w", [2, 2])
    b.weight("c", [2, 1])
    b.node("MatMul", ["x", "x"], "t")
    b.node("Gemm", ["t", "w", "c"], "y")
    b.graph.outputs = ["y"]
    #expect(try apply(CanonicalizeMatMul.self, to: b.graph).changes == 0)
  }
}
