import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCProgram
import KDCTensor
import Testing

@Suite struct HardmaxTests {
  private static let x = Tensor([2, 2, 3], [1, 3, 2, 5, 5, 0, -4, -2, -3, 0, 7, 7] as [Float])

  @Test(
    "Hardmax marks the first of the largest along its axis, before opset 13 of all axes from its axis on",
    arguments: [
      (13, -1, [0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0]), (13, 0, [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1]),
      (11, 1, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0]),
    ] as [(Int, Int, [Float])])
  func values(opset: Int, axis: Int, expected: [Float]) throws {
    let hardmax = OperatorCase("Hardmax", opset: opset, ["axis": .int(Int64(axis))])
    #expect(try hardmax.run([Self.x])[0].floats == expected)
    var graph = Graph(
      name: "g", opset: opset, inputs: [ValueInfo(name: "x", type: Self.x.type)], outputs: ["y"], nodes: [hardmax.node])
    graph.nodes[0].inputs = ["x"]
    let constants = try graph.inferTypes()
    var lowering = Lowering(graph, constants: constants)
    try lowering.lower(graph.nodes[0])
    try lowering.finish()
    var interpreter = try Interpreter(lowering.program)
    #expect(try interpreter.run(["x": Self.x])["y"]?.floats == expected)
  }

  @Test("An axis outside the input is KDC2011")
  func badAxis() {
    #expect(OperatorCase("Hardmax", ["axis": .int(3)]).fault([Self.x])?.id == .invalidAttribute)
  }
}
