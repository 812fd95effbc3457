import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCPasses
import KDCTensor
import Testing

@Suite struct InlineConstantIfTests {
  private func branch(_ opType: String, _ output: String, constant: String? = nil) -> Attribute {
    var graph = Graph(
      name: output, opset: 17, inputs: [], outputs: [output],
      nodes: [
        Node(name: "inner", opType: opType, opset: 17, inputs: ["t"] + (constant.map { [$0] } ?? []), outputs: [output])
      ])
    if let constant { graph.initializers[constant] = Tensor([2], [5, 6] as [Float]) }
    return .graph(graph)
  }

  private func choice(_ condition: Bool) -> GraphBuilder {
    var b = GraphBuilder()
    b.input("x", [2])
    b.graph.initializers["one"] = Tensor([], [1 as Int64])
    b.graph.initializers["rank"] = Tensor([], [condition ? 1 : 2 as Int64])
    b.node("Relu", ["x"], "t")
    b.node("Shape", ["t"], "s")
    b.node("Size", ["s"], "n")
    b.node("Equal", ["n", "rank"], "c")
    // The name "one" is taken outside by another value, and "t" by the value both branches read.
    b.node("If", ["c"], "r", ["then_branch": branch("Neg", "one"), "else_branch": branch("Add", "z", constant: "one")])
    b.node("Abs", ["r"], "y")
    b.graph.outputs = ["y"]
    return b
  }

  @Test("The taken branch replaces the node", arguments: [true, false])
  func taken(_ condition: Bool) throws {
    var graph = choice(condition).graph
    let changes = try Passes.run(InlineConstantIf.self, on: &graph)
    #expect(changes == 1)
    #expect(!graph.opTypes.contains("If"))
    #expect(graph.opTypes.contains(condition ? "Neg" : "Add"))
    #expect(graph.verify().isEmpty)
    let result = try GraphEvaluator(graph).run(inputs: ["x": Tensor([2], [1, 2] as [Float])])
    #expect(result["y"]?.floats == (condition ? [1, 2] : [6, 8]))
  }

  @Test("An If on data is KDC2010, which names it")
  func computed() throws {
    var b = choice(true)
    b.node("IsNaN", ["x"], "c2")
    b.graph.nodes[4].inputs = ["c2"]
    b.graph.sortIfNeeded()
    var graph = b.graph
    do {
      try Passes.run(on: &graph)
      Issue.record("the If was accepted")
    } catch let list as DiagnosticList {
      #expect(list.all.contains { $0.id == .unsupportedOperator && $0.description.contains("If") })
    }
  }
}
