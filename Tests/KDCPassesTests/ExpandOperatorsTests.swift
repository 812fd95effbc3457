import KDCGraph
import KDCOps
import KDCPasses
import KDCTensor
import Testing

@Suite struct ExpandOperatorsTests {
  @Test("A composed operator becomes its composition, which gives the same")
  func composition() throws {
    var b = GraphBuilder()
    b.input("x", [2, 4, 3, 3])
    b.graph.initializers["s"] = Tensor([4], [1, -2, 3, 0.5] as [Float])
    b.graph.initializers["b"] = Tensor([4], [0, 1, 0, -1] as [Float])
    b.node("GroupNormalization", ["x", "s", "b"], "y", ["num_groups": .int(2)])
    b.node("GroupNormalization", ["y", "s", "b"], "z", ["num_groups": .int(4)])
    b.graph.outputs = ["y", "z"]
    for place in b.graph.nodes.indices { b.graph.nodes[place].opset = 21 }
    let before = b.graph
    var graph = before
    let changes = try Passes.run(ExpandOperators.self, on: &graph)
    #expect(changes == 2)
    #expect(!graph.opTypes.contains("GroupNormalization") && graph.opTypes.contains("InstanceNormalization"))
    // Only the composition's own constants are new: operands are not copied.
    #expect(!graph.initializers.contains { $0.key != "s" && $0.key != "b" && $0.value.floats == [1, -2, 3, 0.5] })
    let x = ["x": Tensor([2, 4, 3, 3], (0..<72).map { Float(($0 * 37) % 19) })]
    let expected = try GraphEvaluator(before).run(inputs: x)
    let results = try GraphEvaluator(graph).run(inputs: x)
    #expect(results["y"]?.floats == expected["y"]?.floats)
    #expect(results["z"]?.floats == expected["z"]?.floats)
  }
}
