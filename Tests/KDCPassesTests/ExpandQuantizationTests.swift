import KDCGraph
import KDCOps
import KDCPasses
import KDCTensor
import Testing

/// The arithmetic that device code computes gives what the operators give, to the bit.
@Suite struct ExpandQuantizationTests {
  /// Shape of the scales, axis, size of blocks.
  static let scaleLayouts: [(Shape, Int, Int)] = [
    ([], 1, 0), ([1], 0, 0), ([4], 1, 0), ([3], -1, 0), ([2, 2, 3], 1, 2), ([2, 4, 2], 2, 2), ([1, 4, 3], 0, 2),
  ]

  @Test("Of each type, with one scale, a scale a position and a scale a block", arguments: scaleLayouts)
  func layouts(_ scales: Shape, _ axis: Int, _ block: Int) throws {
    for type in [DataType.int8, .uint8, .int16, .uint16] {
      var b = GraphBuilder()
      b.input("x", [2, 4, 3])
      b.constant("s", scales, (0..<scales.count).map { 0.01 + 0.003 * Float($0) })
      b.graph.initializers["z"] = Tensor(scales, (0..<scales.count).map { Float($0 % 5) }).cast(to: type)
      let attributes: [String: Attribute] = ["axis": .int(Int64(axis)), "block_size": .int(Int64(block))]
      b.node("QuantizeLinear", ["x", "s", "z"], "q", attributes, opset: 21)
      b.node("DequantizeLinear", ["q", "s", "z"], "y", attributes, opset: 21)
      b.graph.outputs = ["q", "y"]
      let (result, changes) = try apply(ExpandQuantization.self, to: b.graph, tolerance: 0)
      #expect(changes == 2)
      #expect(!result.opTypes.contains("QuantizeLinear") && !result.opTypes.contains("DequantizeLinear"))
    }
  }

  @Test("A pool of integers is one of floats between casts")
  func pool() throws {
    var b = GraphBuilder()
    b.input("x", [1, 1, 4, 4])
    b.constant("s", [], [0.01])
    b.node("QuantizeLinear", ["x", "s"], "q")
    b.node("MaxPool", ["q"], "y", ["kernel_shape": .ints([2, 2])])
    b.graph.outputs = ["y"]
    let (result, _) = try apply(ExpandQuantization.self, to: b.graph, tolerance: 0)
    #expect(result.types["y"]?.dataType == .uint8)
    #expect(result.opTypes.suffix(4).contains("MaxPool"))
  }
}
