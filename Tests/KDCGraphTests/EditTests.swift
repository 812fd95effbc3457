import KDCGraph
import KDCTensor
import Testing

private func node(_ opType: String, _ name: String, _ inputs: [String], _ output: String) -> Node {
  Node(name: name, opType: opType, opset: 17, inputs: inputs, outputs: [output])
}

private func chain() -> Graph {
  Graph(
    name: "g", opset: 17, inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, 2]))], outputs: ["y"],
    nodes: [node("Relu", "a", ["x"], "t"), node("Identity", "b", ["t"], "u"), node("Add", "c", ["u", "u"], "y")])
}

@Suite struct EditTests {
  @Test("Uses tell producers and every operand that reads a value")
  func uses() {
    let uses = chain().uses()
    #expect(uses.producers == ["t": 0, "u": 1, "y": 2])
    #expect(uses.consumers["u"] == [2, 2])
    #expect(uses.onlyConsumer(of: "t") == 1)
    #expect(uses.onlyConsumer(of: "u") == nil)
    #expect(uses.onlyConsumer(of: "y") == nil)
  }

  @Test("A bypassed node's readers read its input")
  func bypass() {
    var g = chain()
    let isRemoved = g.bypass(nodeAt: 1, with: "t")
    #expect(isRemoved)
    #expect(g.nodes.map(\.name) == ["a", "c"])
    #expect(g.nodes[1].inputs == ["t", "t"])
    #expect(g.verify().isEmpty)
  }

  @Test("Bypassing the node of a graph output keeps the output's name")
  func bypassOutput() {
    var g = chain()
    g.outputs = ["u"]
    let isRemoved = g.bypass(nodeAt: 1, with: "t")
    #expect(isRemoved)
    #expect(g.outputs == ["u"])
    #expect(g.nodes[0].outputs == ["u"])
    #expect(g.nodes[1].inputs == ["u", "u"])
    #expect(g.verify().isEmpty)
  }

  @Test("A node between a graph input and a graph output cannot be bypassed")
  func bypassInput() {
    var g = chain()
    g.nodes = [node("Identity", "b", ["x"], "y")]
    let isRemoved = g.bypass(nodeAt: 0, with: "x")
    #expect(!isRemoved)
    #expect(g.nodes.count == 1)
  }

  @Test("Fresh names do not meet names in use")
  func fresh() {
    var g = chain()
    #expect(g.freshName("w") == "w")
    #expect(g.freshName("t") == "t_1")
    let added = g.addInitializer("t", Tensor([1], [1 as Float]))
    #expect(added == "t_1")
    #expect(g.freshName("t") == "t_2")
    #expect(g.freshNodeName("a") == "a_1")
  }

  @Test("Unused initializers go with their types")
  func unused() {
    var g = chain()
    _ = g.addInitializer("w", Tensor([1], [1 as Float]))
    let removed = g.removeUnusedInitializers()
    #expect(removed == 1)
    #expect(g.initializers.isEmpty && g.types["w"] == nil)
  }

  @Test("Replacing uses reaches into subgraphs")
  func subgraphs() {
    let branch = Graph(name: "b", opset: 17, inputs: [], outputs: ["r"], nodes: [node("Relu", "i", ["t"], "r")])
    var g = chain()
    g.nodes[1].attributes["then_branch"] = .graph(branch)
    g.replaceUses(of: "t", with: "x")
    #expect(g.nodes[1].reads == ["x", "x"])
  }
}
