import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite("Limits of values, windows and operands")
struct ValueLimitsTests {
  private func faults(
    _ nodes: [Node], input: Shape = [1, 4], constants: [String: Tensor] = [:], memory: Int = 1 << 33
  ) -> [Diagnostic] {
    var graph = Graph(
      name: "g", opset: 17, file: "g.onnx", inputs: [ValueInfo(name: "x", type: TensorType(.float32, input))],
      outputs: ["y"], nodes: nodes, initializers: constants)
    return graph.inferKnownTypes(limits: ValueLimits(memory: memory)).faults
  }

  private func node(
    _ opType: String, _ inputs: [String], _ outputs: [String] = ["y"], _ attributes: [String: Attribute] = [:]
  ) -> Node {
    Node(name: "it", opType: opType, opset: 17, inputs: inputs, outputs: outputs, attributes: attributes)
  }

  private func expect(_ id: DiagnosticID, _ faults: [Diagnostic]) {
    #expect(faults.map(\.id) == [id])
    #expect(faults.allSatisfy { $0.place?.description.contains("'it'") ?? false })
  }

  @Test("A second output of an operator that has one is KDC2022", arguments: ["Mul", "Add", "Pow", "MatMul", "Concat"])
  func outputs(_ opType: String) {
    expect(.operandCount, faults([node(opType, ["x", "x"], ["y", "z"])]))
    expect(.operandCount, faults([node("Relu", ["x"], ["", "y"])]))
  }

  @Test("An input too many is KDC2022, absent ones at the end do not count")
  func inputs() {
    let four = ["w": Tensor([4, 3], [Float](repeating: 1, count: 12)), "b": Tensor([3], [1, 2, 3] as [Float])]
    expect(.operandCount, faults([node("Gemm", ["x", "w", "b", "b"])], constants: four))
    #expect(faults([node("Gemm", ["x", "w", "b", "", ""])], constants: four).isEmpty)
    for opType in ["Relu", "Softmax", "Sigmoid"] { expect(.operandCount, faults([node(opType, ["x", "x"])])) }
    for opType in ["Add", "Equal", "Greater"] { expect(.operandCount, faults([node(opType, ["x", "x", "x"])])) }
    #expect(faults([node("Max", ["x", "x", "x"])]).isEmpty)
  }

  @Test("An output that kdc does not compute is refused, not left without a type")
  func unknownOutput() {
    let scale = ["s": Tensor([4], [Float](repeating: 1, count: 4))]
    expect(
      .unsupportedAttribute,
      faults([node("BatchNormalization", ["x", "s", "s", "s", "s"], ["y", "mean", "deviation"])], constants: scale))
  }

  @Test("A computed value of more than an eighth of the memory is KDC2023 and names its node")
  func large() {
    let shape = ["s": Tensor([2], [1 << 18, 1 << 18] as [Int64])]
    expect(.valueTooLarge, faults([node("ConstantOfShape", ["s"])], constants: shape))
    let repeats = ["s": Tensor([2], [1, 1 << 20] as [Int64])]
    expect(.valueTooLarge, faults([node("Tile", ["x", "s"])], constants: repeats, memory: 1 << 26))
    #expect(faults([node("Tile", ["x", "s"])], constants: repeats).isEmpty)
  }

  @Test("A computed constant of more than 1 GB is KDC2023 and names its node, whatever the memory")
  func largeConstant() {
    let shape = ["s": Tensor([2], [1 << 14, (1 << 14) + 1] as [Int64])]
    expect(.valueTooLarge, faults([node("ConstantOfShape", ["s"])], constants: shape, memory: 1 << 40))
    let value = ["s": shape["s"] ?? Tensor([], [Int64(0)]), "v": Tensor([1, 1], [Float(1)])]
    expect(.valueTooLarge, faults([node("Expand", ["v", "s"])], constants: value, memory: 1 << 40))
    // What depends on an input is bounded by the memory alone.
    let tile = ["s": Tensor([2], [1 << 14, 1 << 13] as [Int64])]
    #expect(faults([node("Tile", ["x", "s"])], constants: tile, memory: 1 << 40).isEmpty)
  }

  @Test("Values that take more than half the memory together are KDC2023")
  func largeTogether() {
    let inputs = (0..<8).map { "t\($0)" }
    let nodes = inputs.map { Node(name: $0, opType: "Relu", opset: 17, inputs: ["x"], outputs: [$0]) }
    let found = faults(
      nodes + [node("Concat", inputs, ["y"], ["axis": .int(0)])], input: [1, 1 << 16], memory: 1 << 22)
    #expect(Set(found.map(\.id)) == [.valueTooLarge])
  }

  @Test("Nine axes are KDC2024")
  func axes() {
    expect(
      .tooManyAxes, faults([node("Unsqueeze", ["x", "a"])], constants: ["a": Tensor([7], (0..<7).map { Int64($0) })]))
    #expect(faults([node("Identity", ["x"])], input: Shape([Int](repeating: 2, count: 9))).map(\.id) == [.tooManyAxes])
  }

  @Test("A window whose sums do not fit is KDC2025", arguments: ["AveragePool", "MaxPool"])
  func window(_ opType: String) {
    let attributes: [String: Attribute] = [
      "kernel_shape": .ints([100_000, 100_000]), "pads": .ints([50_000, 50_000, 50_000, 50_000]),
    ]
    expect(.windowTooLarge, faults([node(opType, ["x"], ["y"], attributes)], input: [1, 1, 4, 4]))
  }
}
