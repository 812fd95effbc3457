import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTensor
import Testing

@Suite struct SubgraphTests {
  @Test("Two nodes of a branch that make one value are KDC2020")
  func duplicates() throws {
    let type = TensorType(.float32, [2])
    func node(_ opType: String, _ name: String, _ inputs: [String], _ output: String) -> Node {
      Node(name: name, opType: opType, opset: 17, inputs: inputs, outputs: [output])
    }
    func model(_ second: String) throws -> Graph {
      let branch = Graph(
        name: "b", opset: 17, inputs: [], outputs: ["r"],
        nodes: [node("Relu", "one", ["x"], "r"), node("Abs", "two", ["x"], second)])
      var choice = node("If", "if", ["c"], "y")
      choice.attributes = ["then_branch": .graph(branch), "else_branch": .graph(branch)]
      var graph = Graph(
        name: "g", opset: 17,
        inputs: [ValueInfo(name: "x", type: type), ValueInfo(name: "c", type: TensorType(.bool, []))], outputs: ["y"],
        nodes: [choice])
      graph.types = ["y": type]
      return try ONNXImporter.load(bytes: ONNXExporter.export(graph), file: "g.onnx")
    }
    #expect(try model("s").nodes.count == 1)
    do {
      _ = try model("r")
      Issue.record("two values of one name were accepted")
    } catch let list as DiagnosticList {
      #expect(list.all.contains { $0.id == .invalidGraph && $0.message.contains("'r'") })
    }
  }
}
