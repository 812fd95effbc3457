import KDCGraph
import KDCTensor
import Testing

@Suite struct RewritingTests {
  /// x → n nodes in a row → y; every third an Identity.
  private func chain(_ count: Int) -> Graph {
    Graph(
      name: "g", opset: 17, inputs: [ValueInfo(name: "v0", type: TensorType(.float32, [2]))], outputs: ["v\(count)"],
      nodes: (0..<count).map { i in
        let opType = i % 3 == 2 ? "Identity" : i % 3 == 1 ? "Add" : "Relu"
        return Node(
          name: "n\(i)", opType: opType, opset: 17, inputs: opType == "Add" ? ["v\(i)", "v\(i)"] : ["v\(i)"],
          outputs: ["v\(i + 1)"])
      })
  }

  private func sameUses(_ graph: Graph) -> Bool {
    let (kept, found) = (graph.uses(), ValueUses(graph))
    return kept.producers == found.producers && kept.consumers == found.consumers && kept.outputs == found.outputs
  }

  @Test("Edits keep the index true, and removed nodes are gone at the end")
  func index() {
    var graph = chain(30)
    var isTrue = true
    let changes = graph.rewriteNodes { graph, index in
      isTrue = isTrue && sameUses(graph)
      guard graph.nodes[index].opType == "Identity" else { return false }
      return graph.bypass(nodeAt: index, with: graph.nodes[index].inputs[0])
    }
    #expect(changes == 10)
    #expect(isTrue)
    #expect(graph.nodes.count == 20)
    #expect(graph.verify().isEmpty)
    #expect(graph.outputs == ["v30"])
  }

  @Test("An assignment to the nodes is seen by the next look at the uses")
  func assignment() {
    var graph = chain(6)
    var isTrue = true
    _ = graph.rewriteNodes { graph, index in
      isTrue = isTrue && sameUses(graph)
      guard graph.nodes[index].opType == "Add" else { return false }
      graph.nodes[index].opType = "Mul"
      graph.nodes[index].inputs[1] = "v0"
      isTrue = isTrue && sameUses(graph)
      return true
    }
    #expect(isTrue)
  }

  @Test("After a change the node before is tried again")
  func neighbours() {
    // A Relu in front of a Relu goes; from the back, so that each removal makes the next possible.
    var graph = chain(0)
    graph.outputs = ["v5"]
    graph.nodes = (0..<5).map {
      Node(name: "n\($0)", opType: "Relu", opset: 17, inputs: ["v\($0)"], outputs: ["v\($0 + 1)"])
    }
    let changes = graph.rewriteNodes { graph, index in
      guard let reader = graph.uses().onlyConsumer(of: graph.nodes[index].outputs[0]),
        graph.uses().consumers[graph.nodes[reader].outputs[0]] == nil
      else { return false }
      return graph.bypass(nodeAt: index, with: graph.nodes[index].inputs[0])
    }
    #expect(changes == 4)
    #expect(graph.nodes.map(\.outputs) == [["v5"]])
  }

  @Test("Fresh names are free and none is given twice")
  func names() {
    var graph = chain(3)
    _ = graph.rewriteNodes { graph, index in
      if index == 0 { for _ in 0..<100 { _ = graph.addInitializer("v1", Tensor([1], [Float(0)])) } }
      return false
    }
    #expect(graph.initializers.count == 100)
    #expect(graph.initializers["v1_100"] != nil && graph.initializers["v1"] == nil)
  }
}
