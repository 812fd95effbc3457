import KDCGraph
import KDCPasses
import KDCTensor
import Testing

@Suite struct ConvertBatchNormalizationTests {
  @Test("A lone BatchNormalization becomes a depthwise 1×1 convolution", arguments: [1, 2])
  func image(_ spatial: Int) throws {
    var b = GraphBuilder()
    b.input("x", Shape([1, 3] + [Int](repeating: 4, count: spatial)))
    b.node("Relu", ["x"], "r")
    b.batchNormalization("r", "y", channels: 3)
    b.graph.outputs = ["y"]
    let (result, _) = try apply(ConvertBatchNormalization.self, to: b.graph)
    #expect(result.opTypes == ["Relu", "FusedConv"])
    #expect(result.nodes.last?.attributes["group"].map(\.text) == "3")
  }

  @Test("Of an input of the model it becomes a Mul and an Add, which are float")
  func input() throws {
    var b = GraphBuilder()
    b.input("x", [1, 4, 4, 3])
    b.node("Transpose", ["x"], "t", ["perm": .ints([0, 3, 1, 2])])
    b.batchNormalization("t", "y", channels: 3)
    b.graph.outputs = ["y"]
    #expect(try apply(ConvertBatchNormalization.self, to: b.graph).graph.opTypes == ["Transpose", "Mul", "Add"])
  }

  @Test("For matrices it becomes a Mul and an Add")
  func matrix() throws {
    var b = GraphBuilder()
    b.input("x", [2, 3])
    b.batchNormalization("x", "y", channels: 3)
    b.graph.outputs = ["y"]
    #expect(try apply(ConvertBatchNormalization.self, to: b.graph).graph.opTypes == ["Mul", "Add"])
  }
}
