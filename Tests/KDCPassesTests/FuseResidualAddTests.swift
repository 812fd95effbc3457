import KDCGraph
import KDCPasses
import KDCTensor
import Testing

@Suite struct FuseResidualAddTests {
  @Test("An Add of two convolutions becomes the residual of the later one, before its activation")
  func convolutions() throws {
    var b = GraphBuilder()
    b.input("x", [1, 2, 4, 4])
    for name in ["v", "w"] { b.weight(name, [2, 2, 1, 1]) }
    b.node("Conv", ["x", "v"], "p")
    b.node("Conv", ["x", "w"], "q")
    b.node("Add", ["q", "p"], "t")
    b.node("Relu", ["t"], "y")
    b.graph.outputs = ["y"]
    let (result, _) = try apply(CanonicalizeConvolution.self, FuseResidualAdd.self, FuseActivation.self, to: b.graph)
    #expect(result.opTypes == ["FusedConv", "FusedConv"])
    #expect(result.nodes.last?.inputs.last == "p")
    #expect(result.nodes.last?.attributes["activation"].map(\.text) == "\"Relu\"")
  }

  @Test("An Add of a matrix product and an input becomes its residual")
  func matrix() throws {
    var b = GraphBuilder()
    b.input("x", [2, 3, 4])
    b.weight("w", [4, 4])
    b.node("MatMul", ["x", "w"], "t")
    b.node("Add", ["x", "t"], "y")
    b.graph.outputs = ["y"]
    #expect(
      try apply(CanonicalizeMatMul.self, FuseResidualAdd.self, to: b.graph, tolerance: 1e-4).graph.opTypes
        == ["FusedGemm"])
  }

  @Test("An Add that broadcasts, and one behind an activation, stay")
  func unfit() throws {
    var b = GraphBuilder()
    b.input("x", [1, 2, 4, 4])
    b.input("z", [1, 2, 1, 1])
    b.weight("w", [2, 2, 1, 1])
    b.node("Conv", ["x", "w"], "p")
    b.node("Add", ["p", "z"], "q")
    b.node("Conv", ["q", "w"], "r")
    b.node("Relu", ["r"], "s")
    b.node("Add", ["s", "x"], "y")
    b.graph.outputs = ["y"]
    #expect(
      try apply(CanonicalizeConvolution.self, FuseActivation.self, FuseResidualAdd.self, to: b.graph).changes == 0)
  }

  @Test("What is added to the scores of a Softmax is taken in from another layer only: it may be a mask")
  func masks() throws {
    for isLayer in [false, true] {
      var b = GraphBuilder()
      b.input("x", [2, 4])
      b.input("m", [2, 4])
      for name in ["v", "w"] { b.weight(name, [4, 4]) }
      b.node("MatMul", ["x", "w"], "t")
      if isLayer { b.node("MatMul", ["m", "v"], "mask") }
      b.node("Add", ["t", isLayer ? "mask" : "m"], "s")
      b.node("Softmax", ["s"], "y")
      b.graph.outputs = ["y"]
      let result = try apply(CanonicalizeMatMul.self, FuseResidualAdd.self, to: b.graph).graph
      #expect(result.opTypes.contains("Add") == !isLayer)
    }
  }
}
