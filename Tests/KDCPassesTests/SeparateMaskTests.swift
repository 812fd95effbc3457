import KDCGraph
import KDCPasses
import KDCTensor
import Testing

@Suite struct SeparateMaskTests {
  private func graph(_ bias: [Float], convolution: Bool) -> Graph {
    var b = GraphBuilder()
    b.input("x", convolution ? [1, 2, 4, 4] : [2, 2])
    b.weight("w", convolution ? [3, 2, 1, 1] : [2, 3])
    b.constant("b", [3], bias)
    b.node(convolution ? "Conv" : "Gemm", ["x", "w", "b"], "y")
    b.graph.outputs = ["y"]
    return b.graph
  }

  @Test("Values of a bias that hide an output are added behind the layer", arguments: [false, true])
  func masks(convolution: Bool) throws {
    let result = try apply(SeparateMask.self, to: graph([0.5, -.infinity, -20_000], convolution: convolution)).graph
    #expect(result.nodes.last?.opType == "Add")
    #expect(result.initializers["b"]?.floats == [0.5, 0, 0])
    #expect(result.initializers.values.contains { $0.floats == [0, -.infinity, -20_000] })
  }

  @Test("Other biases stay, as do those of large values alone")
  func others() throws {
    for bias in [[0.5, -2, 900], [-20_000, 30_000, 40_000]] as [[Float]] {
      #expect(try apply(SeparateMask.self, to: graph(bias, convolution: false)).changes == 0)
    }
  }
}
