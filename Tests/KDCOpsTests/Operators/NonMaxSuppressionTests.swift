import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct NonMaxSuppressionTests {
  private static let boxes = Tensor(
    [1, 4, 4], [0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 10, 1, 11, 0, 10.1, 1, 11.1] as [Float])
  private static let scores = Tensor([1, 1, 4], [0.9, 0.75, 0.6, 0.95] as [Float])
  private static func options(_ most: Int64, _ overlap: Float, _ score: Float) -> [Tensor] {
    [Tensor([1], [most]), Tensor([1], [overlap]), Tensor([1], [score])]
  }

  @Test("The best boxes that overlap no better one come first, then rows of −1; the second output is their number")
  func rows() throws {
    var op = OperatorCase("NonMaxSuppression", opset: 11)
    op.node.outputs = ["selected", "count"]
    let inputs = [Self.boxes, Self.scores] + Self.options(3, 0.5, 0.3)
    for results in [try op.run(inputs), try op.lowered(inputs, constants: [2, 3, 4])] {
      #expect(results[0].int64s == [0, 0, 3, 0, 0, 0, -1, -1, -1])
      #expect(results[1].int64s == [2])
    }
  }

  @Test("Boxes by their middles, scores below the threshold left out")
  func centered() throws {
    let boxes = Tensor([1, 3, 4], [0.5, 0.5, 1, 1, 0.5, 0.6, 1, 1, 5, 5, 1, 1] as [Float])
    let scores = Tensor([1, 1, 3], [0.4, 0.8, 0.2] as [Float])
    let op = OperatorCase("NonMaxSuppression", opset: 11, ["center_point_box": .int(1)])
    #expect(try op.run([boxes, scores] + Self.options(3, 0.5, 0.3))[0].int64s == [0, 0, 1, -1, -1, -1, -1, -1, -1])
    #expect(try op.run([boxes, scores] + Self.options(3, 0.99, 0.3))[0].int64s == [0, 0, 1, 0, 0, 0, -1, -1, -1])
  }

  @Test("Of operands that are all constant a graph has the rows that there are")
  func constant() throws {
    var node = OperatorCase("NonMaxSuppression", opset: 11).node
    node.inputs = ["b", "s", "m", "o", "t"]
    var graph = Graph(name: "g", opset: 11, inputs: [], outputs: ["y"], nodes: [node])
    for (name, tensor) in zip(node.inputs, [Self.boxes, Self.scores] + Self.options(3, 0.5, 0.3)) {
      graph.initializers[name] = tensor
    }
    try graph.inferTypes()
    #expect(graph.types["y"]?.shape == [2, 3])
    #expect(try GraphEvaluator(graph).run(inputs: [:])["y"]?.int64s == [0, 0, 3, 0, 0, 0])
  }

  @Test("Without a maximum there are no rows; scores that do not fit are KDC2014")
  func edges() throws {
    let op = OperatorCase("NonMaxSuppression", opset: 11)
    #expect(try op.run([Self.boxes, Self.scores])[0].shape == [0, 3])
    #expect(op.fault([Self.boxes, Tensor([1, 1, 5], [Float](repeating: 0, count: 5))])?.id == .shapeMismatch)
  }
}
