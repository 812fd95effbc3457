import KDCGraph
import KDCOps
import KDCPasses
import KDCTensor
import Testing

@Suite struct ReadDynamicQuantizationTests {
  /// A layer as ONNX Runtime's dynamic quantisation writes it.
  private func layer(_ opType: String, x: Shape, w: Shape, scale: [Float]) -> Graph {
    var b = GraphBuilder()
    b.input("x", x)
    b.graph.initializers["w"] = Tensor(w, .int8((0..<w.count).map { Int8($0 % 11 - 5) }))
    b.constant("ws", scale.count == 1 ? [] : [scale.count], scale)
    b.graph.initializers["wz"] = Tensor([], .int8([1]))
    b.graph.nodes = [
      Node(
        name: "d", opType: "DynamicQuantizeLinear", opset: 17, inputs: ["x"], outputs: ["q", "s", "z"])
    ]
    b.node(opType, ["q", "w", "z", "wz"], "sums")
    b.node("Cast", ["sums"], "cast", ["to": .int(1)])
    b.node("Mul", ["s", "ws"], "scales")
    b.node("Mul", ["cast", "scales"], "y")
    b.graph.outputs = ["y"]
    return b.graph
  }

  @Test("A product becomes one of floats, but for the rounding of its input")
  func matrix() throws {
    for scale in [[0.1], [0.1, 0.2, 0.3]] as [[Float]] {
      let graph = layer("MatMulInteger", x: [2, 4], w: [4, 3], scale: scale)
      let (result, _) = try apply(ReadDynamicQuantization.self, to: graph, tolerance: 0.02)
      #expect(result.opTypes == ["DequantizeLinear", "MatMul"])
    }
  }

  @Test("A convolution becomes one of floats")
  func convolution() throws {
    let graph = layer("ConvInteger", x: [1, 2, 4, 4], w: [3, 2, 3, 3], scale: [0.1])
    let (result, _) = try apply(ReadDynamicQuantization.self, to: graph, tolerance: 0.02)
    #expect(result.opTypes == ["DequantizeLinear", "Conv"])
  }

  @Test("Weights that are computed leave the layer as it is")
  func computed() throws {
    var graph = layer("MatMulInteger", x: [2, 4], w: [4, 3], scale: [0.1])
    graph.initializers["w"] = nil
    graph.inputs.append(ValueInfo(name: "w", type: TensorType(.int8, [4, 3])))
    try graph.inferTypes()
    #expect(try Passes.run(ReadDynamicQuantization.self, on: &graph) == 0)
  }
}
