import KDCGraph
import KDCTensor
import Testing

@Suite struct PrinterTests {
  @Test("A node is one line with types, constants, attributes and quantization")
  func lines() {
    var g = Graph(
      name: "g", opset: 17, inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, 3, 4, 4]))], outputs: ["y"],
      nodes: [
        Node(
          name: "c", opType: "Conv", opset: 17, inputs: ["x", "w", "", "one"], outputs: ["y"],
          attributes: [
            "strides": .ints([2, 2]), "auto_pad": .string("VALID"), "pads": .ints([Int64](repeating: 1, count: 10)),
          ])
      ], initializers: ["w": Tensor([2, 3, 1, 1], [Float](repeating: 1, count: 6)), "one": Tensor([], [1 as Float])])
    g.types["y"] = TensorType(.float32, [1, 2, 2, 2])
    g.quantization["y"] = QuantizationParameters(scale: 0.5, zeroPoint: -3)
    #expect(
      g.description == """
        graph g (opset 17)
          input %x: float32[1,3,4,4]
          %y: float32[1,2,2,2] q(0.5, -3) = Conv(%x, %w {float32[2,3,1,1]}, _, %one {1.0}) auto_pad="VALID" \
        pads=[1,1,1,1,1,1,1,1,… 10] strides=[2,2]
          output %y: float32[1,2,2,2]
        """)
  }
}
