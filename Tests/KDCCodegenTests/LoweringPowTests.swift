import KDCCodegen
import KDCGraph
import KDCProgram
import KDCTensor
import Testing

@Suite("Lowering of Pow")
struct LoweringPowTests {
  @Test(
    "negative bases: integer exponents are right, others NaN, scalars, tensors and integers alike",
    arguments: [
      Tensor([], [4 as Float]), Tensor([], [0 as Float]), Tensor([], [-2 as Float]), Tensor([], [3 as Float]),
      Tensor([], [0.5 as Float]), Tensor([1, 1, 1], [2 as Float]), Tensor([3], [2, 5, -1] as [Float]),
      Tensor([2, 1], [0.5, -3] as [Float]), Tensor([], [4 as Int64]), Tensor([3], [2, -1, 7] as [Int32]),
    ])
  func exponents(_ exponents: Tensor) throws {
    var bench = LoweringBench()
    bench.input("x", [2, 3], in: -3...3)
    bench.constant("e", exponents)
    bench.node("Pow", ["x", "e"], ["y"])
    let (_, error) = try bench.float(comparesNaN: true)
    #expect(error <= 1e-6)
  }

  @Test("a constant base, and two computed operands")
  func bases() throws {
    var bench = LoweringBench()
    bench.input("x", [2, 3], in: -3...3)
    bench.constant("b", Tensor([3], [-2, 0, 7] as [Float]))
    bench.node("Ceil", ["x"], ["c"])
    bench.node("Pow", ["b", "c"], ["y"])
    #expect(try bench.float(comparesNaN: true).error <= 1e-6)
    bench.node("Pow", ["x", "c"], ["z"])
    #expect(try bench.float(comparesNaN: true).error <= 1e-6)
  }

  @Test(
    "an integer base keeps its type: whole exponents are exact, the fraction of other powers is dropped",
    arguments: [
      (Tensor([], [0.5 as Float]), [2, 3, 0, 4]), (Tensor([], [2 as Float]), [16, 81, 0, 361]),
      (Tensor([4], [0, 1.5, 1, 2] as [Float]), [1, 27, 0, 361]),
    ] as [(Tensor, [Int32])])
  func integerBase(_ exponents: Tensor, expected: [Int32]) throws {
    var graph = Graph(name: "g", opset: 17, inputs: [], outputs: ["y"], nodes: [])
    graph.inputs = [ValueInfo(name: "x", type: TensorType(.int32, [4]))]
    graph.initializers["e"] = exponents
    graph.nodes = [Node(name: "n", opType: "Pow", opset: 17, inputs: ["x", "e"], outputs: ["y"])]
    var interpreter = try Interpreter(lower(graph))
    let y = try interpreter.run(["x": Tensor([4], [4, 9, 0, 19] as [Int32])])["y"]
    #expect(y?.dataType == .int32 && y?.cast(to: .int64).int64s == expected.map { Int64($0) })
  }
}
