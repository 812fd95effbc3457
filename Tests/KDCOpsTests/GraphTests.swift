import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct GraphTests {
  private func softmax(_ name: String, _ input: String, _ output: String, axis: Int64 = 1) -> Node {
    Node(
      name: name, opType: "Softmax", opset: 17, inputs: [input], outputs: [output], attributes: ["axis": .int(axis)])
  }

  private func graph(_ nodes: [Node], outputs: [String] = ["y"]) -> Graph {
    Graph(
      name: "g", opset: 17, file: "g.onnx",
      inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, 2]))], outputs: outputs, nodes: nodes)
  }

  @Test("Types are inferred for every value")
  func types() throws {
    var g = graph([softmax("a", "x", "t"), softmax("b", "t", "y")])
    try g.inferTypes()
    #expect(g.types.keys.sorted() == ["t", "x", "y"])
    #expect(g.types["y"] == TensorType(.float32, [1, 2]))
  }

  @Test("All faults are collected, each once and with its node")
  func collected() {
    let g = graph([
      softmax("a", "x", "t", axis: 5), softmax("b", "t", "u"), softmax("c", "x", "v", axis: 7),
      Node(name: "d", opType: "Nonsense", opset: 17, inputs: ["v"], outputs: ["y"]),
    ])
    #expect(faults(g).map(\.id) == [.invalidAttribute, .invalidAttribute, .unsupportedOperator])
    #expect(faults(g).first?.place?.description == "g.onnx: node 'a' (Softmax, opset 17)")
  }

  private func faults(_ graph: Graph) -> [Diagnostic] {
    var graph = graph
    do {
      try graph.inferTypes()
      return []
    } catch {
      return (error as? DiagnosticList)?.all ?? []
    }
  }

  @Test("A value that nothing computes is KDC2020")
  func dangling() {
    #expect(faults(graph([softmax("a", "nowhere", "y")])).map(\.id) == [.invalidGraph])
    #expect(faults(graph([softmax("a", "x", "t")])).map(\.id) == [.invalidGraph])
  }

  @Test("A shape that cannot be addressed is KDC2017")
  func overflow() {
    var g = graph([softmax("a", "x", "y")])
    g.inputs[0].type.shape = [1 << 40, 1 << 40]
    #expect(faults(g).map(\.id) == [.shapeOverflow])
  }

  @Test("A run gives the outputs, shows every value in order, and keeps a value that is also an output")
  func run() throws {
    let evaluator = try GraphEvaluator(graph([softmax("a", "x", "t"), softmax("b", "t", "y")], outputs: ["t", "y"]))
    var seen: [String] = []
    let result = try evaluator.run(inputs: ["x": Tensor([1, 2], [0, 0] as [Float])]) { name, _ in seen.append(name) }
    #expect(seen == ["t", "y"])
    #expect(result["t"]?.floats == [0.5, 0.5])
    #expect(result["y"]?.floats == [0.5, 0.5])
  }

  @Test("A missing input is KDC2012, one of the wrong shape KDC2014, of the wrong type KDC2015")
  func badInputs() throws {
    let evaluator = try GraphEvaluator(graph([softmax("a", "x", "y")]))
    func id(_ inputs: [String: Tensor]) -> DiagnosticID? {
      do {
        _ = try evaluator.run(inputs: inputs)
        return nil
      } catch {
        return (error as? Diagnostic)?.id
      }
    }
    #expect(id([:]) == .missingInput)
    #expect(id(["x": Tensor([1, 3], [0, 0, 0] as [Float])]) == .shapeMismatch)
    #expect(id(["x": Tensor([1, 2], [0, 0] as [Int64])]) == .typeMismatch)
  }
}
