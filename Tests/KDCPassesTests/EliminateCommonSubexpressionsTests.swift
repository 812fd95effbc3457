import KDCGraph
import KDCPasses
import KDCTensor
import Testing

@Suite struct EliminateCommonSubexpressionsTests {
  @Test("Equal nodes are computed once, and so are their equal readers")
  func equal() throws {
    var b = GraphBuilder()
    b.input("x", [2])
    b.node("Relu", ["x"], "a")
    b.node("Relu", ["x"], "b")
    b.node("Elu", ["a"], "c", ["alpha": .float(2)])
    b.node("Elu", ["b"], "d", ["alpha": .float(2)])
    b.node("Elu", ["b"], "e", ["alpha": .float(3)])
    b.node("Sum", ["c", "d", "e"], "y")
    b.graph.outputs = ["y"]
    let (result, changes) = try apply(EliminateCommonSubexpressions.self, to: b.graph)
    #expect(changes == 2)
    #expect(result.node(making: "y")?.inputs == ["c", "c", "e"])
  }

  @Test("Graph outputs keep their own nodes")
  func outputs() throws {
    var b = GraphBuilder()
    b.input("x", [2])
    b.node("Relu", ["x"], "a")
    b.node("Relu", ["x"], "b")
    b.graph.outputs = ["a", "b"]
    #expect(try apply(EliminateCommonSubexpressions.self, to: b.graph).changes == 0)
  }
}
