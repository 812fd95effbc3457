import KDCGraph
import KDCPasses
import KDCTensor
import Testing

@Suite struct FuseActivationTests {
  private func convolution(_ finish: (inout GraphBuilder) -> Void) throws -> Graph {
    var b = GraphBuilder()
    b.input("x", [1, 2, 4, 4])
    b.weight("w", [2, 2, 1, 1])
    b.node("Conv", ["x", "w"], "t")
    finish(&b)
    b.graph.outputs = ["y"]
    return try apply(CanonicalizeConvolution.self, FuseActivation.self, to: b.graph).graph
  }

  @Test("A Relu becomes the activation")
  func relu() throws {
    let graph = try convolution { $0.node("Relu", ["t"], "y") }
    #expect(graph.opTypes == ["FusedConv"])
  }

  @Test("A Clip with constant bounds becomes the activation with parameters")
  func clip() throws {
    let graph = try convolution {
      $0.constant("low", [], [-0.5])
      $0.constant("high", [], [0.25])
      $0.node("Clip", ["t", "low", "high"], "y")
    }
    #expect(graph.nodes.first?.attributes["activation_params"].map(\.text) == "[-0.5,0.25]")
  }

  @Test("A Clip of an older operator set, with one bound as attribute, becomes the activation")
  func oldClip() throws {
    let graph = try convolution { $0.node("Clip", ["t"], "y", ["max": .float(0.25)], opset: 6) }
    #expect(graph.opTypes == ["FusedConv"])
  }

  @Test("A second activation, and one of a value read twice, stay")
  func unfit() throws {
    #expect(
      try convolution {
        $0.node("Relu", ["t"], "u")
        $0.node("Clip", ["u"], "y", ["max": .float(0.25)], opset: 6)
      }.opTypes == ["FusedConv", "Clip"])
    #expect(
      try convolution {
        $0.node("Relu", ["t"], "u")
        $0.node("Add", ["u", "t"], "y")
      }.opTypes == ["FusedConv", "Relu", "Add"])
  }
}
