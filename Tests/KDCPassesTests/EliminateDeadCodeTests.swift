import KDCGraph
import KDCPasses
import KDCTensor
import Testing

@Suite struct EliminateDeadCodeTests {
  @Test("Nodes without readers go, in chains too, with their initializers")
  func dead() throws {
    var b = GraphBuilder()
    b.input("x", [2])
    b.constant("c", [2], [1, 2])
    b.node("Relu", ["x"], "y")
    b.node("Add", ["x", "c"], "s")
    b.node("Relu", ["s"], "t")
    b.graph.outputs = ["y"]
    var graph = b.graph
    let changes = EliminateDeadCode.run(on: &graph)
    #expect(changes == 3)
    #expect(graph.opTypes == ["Relu"])
    #expect(graph.initializers.isEmpty)
    #expect(try apply(EliminateDeadCode.self, to: b.graph).changes == 3)
  }
}
