import KDCGraph
import KDCTensor
import Testing

@Suite struct LastUsesTests {
  private static let graph: Graph = {
    func node(_ inputs: [String], _ outputs: [String]) -> Node {
      Node(name: outputs[0], opType: "Op", opset: 17, inputs: inputs, outputs: outputs)
    }
    var graph = Graph(
      name: "g", opset: 17, inputs: [ValueInfo(name: "x", type: TensorType(.float32, [4]))], outputs: ["y", "a"],
      nodes: [node(["x", "w"], ["a", "unread"]), node(["a", ""], ["b"]), node(["b", "x"], ["y"])],
      initializers: ["w": Tensor([1], [Float(1)])])
    for name in ["x", "a", "b", "y"] { graph.types[name] = TensorType(.float32, [4]) }
    graph.types["unread"] = TensorType(.float32, [8])
    return graph
  }()

  @Test("Values live until their last reader; outputs, initializers and absent operands do not end")
  func lastUses() {
    #expect(Self.graph.lastUses() == [["unread"], [], ["b", "x"]])
    #expect(Self.graph.lastUses(reading: [2: ["a", "unread"]]) == [[], [], ["b", "x", "unread"]])
  }

  @Test("The peak of activations counts what is alive at one time, and says where")
  func peak() {
    let peak = Self.graph.activationPeak(Self.graph.lastUses())
    #expect(peak.bytes == 16 * 4 && peak.node == 0)
  }
}
