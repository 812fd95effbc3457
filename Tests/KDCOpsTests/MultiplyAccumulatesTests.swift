import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct MultiplyAccumulatesTests {
  struct Case: Sendable {
    var opType: String
    var shapes: [Shape]
    var outputs = ["y"]
    var attributes: [String: Attribute] = [:]
    var macs: Int
  }

  private static let cases = [
    Case(
      opType: "Conv", shapes: [[1, 4, 5, 5], [6, 2, 3, 3]],
      attributes: ["group": .int(2), "pads": .ints([1, 1, 1, 1])], macs: 6 * 25 * 2 * 9),
    Case(
      opType: "ConvTranspose", shapes: [[1, 4, 3, 3], [4, 2, 2, 2]], attributes: ["strides": .ints([2, 2])],
      macs: 4 * 9 * 2 * 4),
    Case(opType: "Gemm", shapes: [[3, 2], [3, 4]], attributes: ["transA": .int(1)], macs: 2 * 4 * 3),
    Case(opType: "MatMul", shapes: [[2, 3, 4], [4, 5]], macs: 2 * 3 * 5 * 4),
    // Its sequence is not asked for.
    Case(
      opType: "GRU", shapes: [[7, 1, 3], [1, 15, 3], [1, 15, 5]], outputs: ["", "y"], macs: 7 * 15 * (3 + 5)),
    Case(opType: "Relu", shapes: [[1, 4, 5, 5]], macs: 0),
  ]

  @Test("Convolutions, products and recurrences count as their weights are used, all else nothing", arguments: cases)
  func macs(_ c: Case) throws {
    let names = c.shapes.indices.map { "x\($0)" }
    var graph = Graph(
      name: "g", opset: 17,
      inputs: zip(names, c.shapes).map { ValueInfo(name: $0, type: TensorType(.float32, $1)) }, outputs: ["y"],
      nodes: [
        Node(
          name: "n", opType: c.opType, opset: 17, inputs: names, outputs: c.outputs, attributes: c.attributes)
      ])
    try graph.inferTypes()
    #expect(graph.macs == c.macs, "\(c.opType)")
  }
}
