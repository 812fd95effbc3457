import KDCGraph
import KDCPasses
import KDCTensor
import Testing

@Suite struct FuseInstanceNormalizationTests {
  private func graph(_ shape: Shape, parameters: Shape, pools: Bool = false) -> Graph {
    var b = GraphBuilder()
    b.input("x", shape)
    b.weight("gamma", parameters)
    b.weight("beta", parameters)
    b.constant("epsilon", [], [1e-3])
    let axes: [String: Attribute] = ["axes": .ints((2..<Int64(shape.rank)).map { $0 })]
    b.node(pools ? "GlobalAveragePool" : "ReduceMean", ["x"], "mean", pools ? [:] : axes)
    b.node("Sub", ["x", "mean"], "c")
    b.node("Mul", ["c", "c"], "q")
    b.node(pools ? "GlobalAveragePool" : "ReduceMean", ["q"], "v", pools ? [:] : axes)
    b.node("Add", ["v", "epsilon"], "e")
    b.node("Sqrt", ["e"], "s")
    b.node("Div", ["c", "s"], "n")
    b.node("Mul", ["n", "gamma"], "g")
    b.node("Add", ["g", "beta"], "y")
    b.graph.outputs = ["y"]
    return b.graph
  }

  private func fused(_ graph: Graph) throws -> [String] {
    try apply(FuseLayerNormalization.self, FuseInstanceNormalization.self, to: graph).graph.opTypes
  }

  @Test("InstanceNormalization with its scale and shift for each channel")
  func whole() throws {
    #expect(try fused(graph([1, 3, 4, 5], parameters: [1, 3, 1, 1])) == ["InstanceNormalization"])
    #expect(try fused(graph([1, 3, 4, 5], parameters: [3, 1, 1], pools: true)) == ["InstanceNormalization"])
    #expect(try fused(graph([1, 3, 5], parameters: [3, 1])) == ["InstanceNormalization"])
  }

  @Test("With a scale for each element of the last axis it is a LayerNormalization")
  func layer() throws {
    #expect(try fused(graph([1, 3, 5], parameters: [5])) == ["LayerNormalization"])
  }

  @Test("A scale that varies otherwise stays a product")
  func scales() throws {
    #expect(try fused(graph([1, 3, 4, 5], parameters: [5])) == ["InstanceNormalization", "Mul", "Add"])
  }

  @Test("Groups of channels as exporters normalise them: reshaped, normalised, reshaped, scaled")
  func groups() throws {
    var b = GraphBuilder()
    b.input("x", [1, 6, 4, 4])
    b.integers("grouped", [1, 2, -1])
    b.integers("plain", [1, 6, 4, 4])
    b.constant("epsilon", [], [1e-3])
    b.weight("gamma", [6, 1, 1])
    b.node("Reshape", ["x", "grouped"], "r")
    b.node("ReduceMean", ["r"], "m", ["axes": .ints([2])])
    b.node("Sub", ["r", "m"], "c")
    b.node("Mul", ["c", "c"], "q")
    b.node("ReduceMean", ["q"], "v", ["axes": .ints([2])])
    b.node("Add", ["v", "epsilon"], "e")
    b.node("Sqrt", ["e"], "s")
    b.node("Div", ["c", "s"], "n")
    b.node("Reshape", ["n", "plain"], "p")
    b.node("Mul", ["p", "gamma"], "y")
    b.graph.outputs = ["y"]
    #expect(try fused(b.graph) == ["Reshape", "LayerNormalization", "Reshape", "Mul"])
  }
}
