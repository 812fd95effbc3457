import KDCDiagnostics
import KDCGraph
import KDCTensor
import Testing

private func relu(_ name: String, _ input: String, _ output: String) -> Node {
  Node(name: name, opType: "Relu", opset: 17, inputs: [input], outputs: [output])
}

private func graph(_ nodes: [Node], outputs: [String] = ["y"]) -> Graph {
  Graph(
    name: "g", opset: 17, file: "g.onnx", inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, 2]))],
    outputs: outputs, nodes: nodes)
}

@Suite struct VerifierTests {
  @Test("A good graph has no faults")
  func good() { #expect(graph([relu("a", "x", "t"), relu("b", "t", "y")]).verify().isEmpty) }

  @Test("A value made twice is KDC2020 and names both nodes")
  func duplicate() {
    let faults = graph([relu("a", "x", "y"), relu("b", "x", "y")]).verify()
    #expect(faults.map(\.id) == [.invalidGraph])
    #expect(faults.first?.message.contains("'a'") == true && faults.first?.message.contains("'b'") == true)
  }

  @Test("A value that shadows an input is KDC2020")
  func shadow() {
    #expect(graph([relu("a", "x", "x"), relu("b", "x", "y")]).verify().map(\.id).contains(.invalidGraph))
  }

  @Test("A read of a missing value is KDC2020, reported once")
  func missing() {
    let faults = graph([relu("a", "ghost", "t"), relu("b", "ghost", "y")]).verify()
    #expect(faults.map(\.id) == [.invalidGraph])
    #expect(faults.first?.description.contains("ghost") == true)
  }

  @Test("A node before its producer is KDC2020")
  func order() { #expect(graph([relu("b", "t", "y"), relu("a", "x", "t")]).verify().map(\.id) == [.invalidGraph]) }

  @Test("A cycle is KDC2021 and names its nodes, not those behind it")
  func cycle() {
    let faults = graph([relu("a", "v", "u"), relu("b", "u", "v"), relu("c", "v", "y")]).verify()
    #expect(faults.map(\.id) == [.graphCycle])
    let message = faults.first?.message ?? ""
    #expect(message.contains("cycle") && message.contains("'a'") && message.contains("'b'"))
    #expect(!message.contains("'c'"))
  }

  @Test("An output that nothing makes is KDC2020")
  func output() { #expect(graph([relu("a", "x", "t")]).verify().map(\.id) == [.invalidGraph]) }

  @Test(
    "A quantization entry without a positive scale, with a large zero point or the wrong number of channels is KDC2020",
    arguments: [
      QuantizationParameters(scale: 0, zeroPoint: 0), QuantizationParameters(scale: .nan, zeroPoint: 0),
      QuantizationParameters(scale: 1, zeroPoint: 200), QuantizationParameters(perChannel: [1, 1, 1], axis: 1),
      QuantizationParameters(perChannel: [1, 1], axis: 7),
    ])
  func quantization(_ entry: QuantizationParameters) {
    var g = graph([relu("a", "x", "y")])
    g.types["y"] = TensorType(.float32, [1, 2])
    g.quantization["y"] = QuantizationParameters(perChannel: [1, 1], axis: 1)
    #expect(g.verify().isEmpty)
    g.quantization["y"] = entry
    #expect(g.verify().map(\.id) == [.invalidGraph])
  }

  @Test("Sorting puts producers first, also those that only a subgraph reads, and keeps a sorted graph as it is")
  func sorting() {
    let branch = Graph(name: "b", opset: 17, inputs: [], outputs: ["r"], nodes: [relu("inner", "t", "r")])
    let choice = Node(
      name: "if", opType: "If", opset: 17, inputs: ["c"], outputs: ["y"], attributes: ["then_branch": .graph(branch)])
    var g = graph([choice, relu("a", "x", "t"), relu("k", "x", "c")])
    #expect(!g.verify().isEmpty)
    g.sortIfNeeded()
    #expect(g.nodes.map(\.name) == ["a", "k", "if"])
    #expect(g.verify().isEmpty)
    g.sortIfNeeded()
    #expect(g.nodes.map(\.name) == ["a", "k", "if"])
  }

  @Test("A deep graph neither exhausts the stack nor takes long")
  func deep() {
    var g = graph(
      (0..<20_000).reversed().map { relu("n\($0)", $0 == 0 ? "x" : "v\($0)", "v\($0 + 1)") }, outputs: ["v20000"])
    g.sortIfNeeded()
    #expect(g.nodes.first?.name == "n0")
    #expect(g.verify().isEmpty)
  }
}
