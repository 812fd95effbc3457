import KDCGraph
import KDCPasses
import KDCTensor
import Testing

@Suite struct FoldAffineIntoReaderTests {
  @Test("A BatchNormalization in front of a matrix product disappears into it")
  func gemm() throws {
    var b = GraphBuilder()
    b.input("i", [1, 6])
    b.node("Relu", ["i"], "x")
    b.batchNormalization("x", "t", channels: 6)
    b.weight("w", [6, 4])
    b.weight("b", [4])
    b.node("Gemm", ["t", "w", "b"], "y")
    b.graph.outputs = ["y"]
    #expect(
      try apply(CanonicalizeMatMul.self, FoldAffineIntoReader.self, to: b.graph).graph.opTypes == ["Relu", "FusedGemm"])
  }

  @Test(
    "Channel arithmetic disappears into a convolution without padding", arguments: [1, 3], ["Mul", "Add", "Sub", "Div"])
  func convolution(group: Int, opType: String) throws {
    var b = GraphBuilder()
    b.input("i", [1, 6, 4, 4])
    b.node("Relu", ["i"], "x")
    b.constant("c", [1, 6, 1, 1], [1, 2, 3, 4, 5, 6])
    b.node(opType, ["x", "c"], "t")
    b.weight("w", [9, 6 / group, 3, 3])
    b.node("Conv", ["t", "w"], "y", ["group": .int(Int64(group))])
    b.graph.outputs = ["y"]
    let result = try apply(CanonicalizeConvolution.self, FoldAffineIntoReader.self, to: b.graph, tolerance: 1e-4).graph
    #expect(result.opTypes == ["Relu", "FusedConv"])
  }

  @Test("What standardises an input of the model stays")
  func inputs() throws {
    var b = GraphBuilder()
    b.input("x", [1, 3])
    b.constant("mean", [3], [1, 100, -3000])
    b.constant("size", [3], [1, 20, 900])
    b.weight("w", [3, 2])
    b.node("Sub", ["x", "mean"], "c")
    b.node("Div", ["c", "size"], "t")
    b.node("MatMul", ["t", "w"], "y")
    b.graph.outputs = ["y"]
    #expect(try apply(CanonicalizeMatMul.self, FoldAffineIntoReader.self, to: b.graph).changes == 0)
  }

  @Test("With padding a scale passes and a shift does not")
  func padding() throws {
    for (opType, left) in [("Mul", 2), ("Add", 3)] {
      var b = GraphBuilder()
      b.input("i", [1, 3, 4, 4])
      b.node("Relu", ["i"], "x")
      b.constant("c", [3, 1, 1], [1, 2, 3])
      b.node(opType, ["x", "c"], "t")
      b.weight("w", [2, 3, 3, 3])
      b.node("Conv", ["t", "w"], "y", ["pads": .ints([1, 1, 1, 1])])
      b.graph.outputs = ["y"]
      let result = try apply(CanonicalizeConvolution.self, FoldAffineIntoReader.self, to: b.graph).graph
      #expect(result.nodes.count == left, "\(opType)")
    }
  }

  @Test("What others read as well, or lies along another axis, stays")
  func unfit() throws {
    var b = GraphBuilder()
    b.input("x", [1, 3, 3, 3])
    b.constant("c", [3], [1, 2, 3])
    b.constant("d", [3, 1, 1], [1, 2, 3])
    b.weight("w", [2, 3, 1, 1])
    b.node("Mul", ["x", "c"], "t")
    b.node("Conv", ["t", "w"], "y")
    b.node("Mul", ["x", "d"], "u")
    b.node("Conv", ["u", "w"], "v")
    b.graph.outputs = ["y", "u", "v"]
    #expect(try apply(CanonicalizeConvolution.self, FoldAffineIntoReader.self, to: b.graph).changes == 0)
  }
}
