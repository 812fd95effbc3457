import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct DifferentiabilityTests {
  private func node(_ name: String, _ op: String, _ inputs: [String], _ outputs: [String]) -> Node {
    Node(name: name, opType: op, opset: 17, inputs: inputs, outputs: outputs)
  }

  private func graph(_ nodes: [Node], outputs: [String]) -> Graph {
    Graph(
      name: "g", opset: 17, file: "g.onnx", inputs: [ValueInfo(name: "x", type: TensorType(.float32, [2, 3]))],
      outputs: outputs, nodes: nodes, initializers: ["w": Tensor([3, 3], [Float](repeating: 1, count: 9))])
  }

  @Test("A node without a gradient between a parameter and an output is found, others are not")
  func path() throws {
    let floor = node("floor", "Floor", ["h"], ["f"])
    let product = node("product", "MatMul", ["x", "w"], ["h"])
    let onPath = graph([product, floor, node("end", "Relu", ["f"], ["y"])], outputs: ["y"])
    #expect(try onPath.nodesWithoutGradient(from: ["w"]).map(\.name) == ["floor"])
    #expect(try onPath.nodesWithoutGradient(from: []).isEmpty)
    let before = graph(
      [node("before", "Floor", ["x"], ["f"]), node("end", "MatMul", ["f", "w"], ["y"])], outputs: ["y"])
    #expect(try before.nodesWithoutGradient(from: ["w"]).isEmpty)
    #expect(try before.nodesWithoutGradient(from: ["x"]).map(\.name) == ["before"])
    let unused = graph([product, floor, node("end", "Relu", ["h"], ["y"])], outputs: ["y"])
    #expect(try unused.nodesWithoutGradient(from: ["w"]).isEmpty)
  }

  @Test("A path through integers passes no gradient and needs none")
  func integers() throws {
    var graph = graph(
      [
        node("product", "MatMul", ["x", "w"], ["h"]), node("best", "ArgMax", ["h"], ["i"]),
        node("number", "Cast", ["i"], ["y"]),
      ], outputs: ["y"])
    graph.nodes[2].attributes["to"] = .int(1)
    try graph.inferTypes()
    #expect(try graph.nodesWithoutGradient(from: ["w"]).isEmpty)
  }
}
