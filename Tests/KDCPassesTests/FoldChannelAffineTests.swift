import KDCGraph
import KDCPasses
import KDCTensor
import Testing

@Suite struct FoldChannelAffineTests {
  @Test(
    "Arithmetic with constants per channel disappears into the convolution",
    arguments: ["Mul", "Add", "Sub", "Div"], [[1, 3, 1, 1], [3, 1, 1], [1], []] as [Shape])
  func convolution(_ opType: String, _ shape: Shape) throws {
    var b = GraphBuilder()
    b.input("x", [1, 2, 4, 4])
    b.weight("w", [3, 2, 3, 3])
    b.constant("c", shape, (0..<shape.count).map { 1.5 + Float($0) })
    b.node("Conv", ["x", "w"], "t")
    b.node(opType, ["t", "c"], "y")
    b.graph.outputs = ["y"]
    #expect(try apply(CanonicalizeConvolution.self, FoldChannelAffine.self, to: b.graph).graph.opTypes == ["FusedConv"])
  }

  @Test("The constant may come first, except in a division")
  func first() throws {
    for (opType, left) in [("Mul", 1), ("Add", 1), ("Sub", 1), ("Div", 2)] {
      var b = GraphBuilder()
      b.input("x", [2, 4])
      b.weight("w", [4, 3])
      b.constant("c", [3], [1, 2, 3])
      b.node("MatMul", ["x", "w"], "t")
      b.node(opType, ["c", "t"], "y")
      b.graph.outputs = ["y"]
      let result = try apply(CanonicalizeMatMul.self, FoldChannelAffine.self, to: b.graph, tolerance: 1e-4).graph
      #expect(result.nodes.count == left, "\(opType)")
    }
  }

  @Test("A constant along another axis stays, as does one behind an activation")
  func unfit() throws {
    var b = GraphBuilder()
    b.input("x", [1, 3, 3, 3])
    b.weight("w", [3, 3, 1, 1])
    b.constant("c", [3], [1, 2, 3])
    b.constant("d", [1, 3, 1, 1], [1, 2, 3])
    b.node("Conv", ["x", "w"], "t")
    b.node("Mul", ["t", "c"], "u")
    b.node("Relu", ["u"], "v")
    b.node("Mul", ["v", "d"], "y")
    b.graph.outputs = ["y"]
    #expect(try apply(CanonicalizeConvolution.self, FoldChannelAffine.self, to: b.graph).changes == 0)
  }

  @Test("A mask over the classes of a Softmax, and one with infinity, stay apart from the layer")
  func masks() throws {
    for (low, softmax) in [(-20, true), (-1e9, true), (-1e9, false), (-.infinity, false)] as [(Float, Bool)] {
      var b = GraphBuilder()
      b.input("x", [2, 4])
      b.weight("w", [4, 3])
      b.constant("mask", [3], [0, low, 0])
      b.node("MatMul", ["x", "w"], "t")
      b.node("Add", ["t", "mask"], "s")
      if softmax { b.node("Softmax", ["s"], "y") }
      b.graph.outputs = [softmax ? "y" : "s"]
      let result = try apply(CanonicalizeMatMul.self, FoldChannelAffine.self, to: b.graph).graph
      #expect(result.opTypes.contains("Add"), "\(low)")
    }
  }
}
