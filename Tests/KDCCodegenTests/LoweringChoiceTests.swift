import KDCCodegen
import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor
import Testing

@Suite("Lowering of comparisons, choices, pads and integers")
struct LoweringChoiceTests {
  /// A graph whose image "x" [1,4,6,6] a convolution made, so that it comes channels-last.
  private func bench(_ constants: [(String, Tensor)] = []) -> LoweringBench {
    var bench = LoweringBench(seed: 6)
    bench.input("i", [1, 3, 6, 6])
    bench.weights("w", [4, 3, 1, 1])
    bench.node("FusedConv", ["i", "w"], ["x"])
    for (name, tensor) in constants { bench.constant(name, tensor) }
    return bench
  }

  @Test(
    "positions of extremes along any axis, of a channels-last image", arguments: ["ArgMax", "ArgMin"], [-1, 0, 1, 2])
  func positions(_ opType: String, axis: Int) throws {
    for keeps in [0, 1] {
      var bench = bench()
      bench.node(opType, ["x"], ["p"], ["axis": .int(Int64(axis)), "keepdims": .int(Int64(keeps))])
      bench.node("Cast", ["p"], ["y"], ["to": .int(1)])
      let (program, error) = try bench.float()
      #expect(error == 0 && program.kinds.contains("argReduce"))
    }
  }

  @Test("a mask by comparison and Where, whichever operand is constant")
  func masks() throws {
    for inputs in [["c", "x", "k"], ["c", "k", "x"], ["m", "x", "k"]] {
      var bench = bench([
        ("k", Tensor([4, 1, 1], [0, 1, 2, 3] as [Float])),
        ("m", Tensor([6], [true, false, false, true, true, false])),
      ])
      bench.node("Greater", ["x", "k"], ["c"])
      bench.node("Where", inputs, ["y"])
      #expect(try bench.float().error < 1e-6)
    }
  }

  @Test(
    "every mode of Pad, with cropping, in float and on int8 values as they are",
    arguments: ["constant", "reflect", "edge", "wrap"])
  func pads(mode: String) throws {
    for pads in [[0, 1, 2, 0, 0, 2, 3, 1], [0, 0, 1, 3, 0, 0, 1, 2], [0, -1, 2, 1, 0, 1, -3, -2]] as [[Int64]] {
      var bench = bench([("pads", Tensor([8], pads))])
      bench.node("Pad", ["x", "pads"], ["y"], ["mode": .string(mode)], opset: 19)
      #expect(try bench.float().error < 1e-6, "\(pads)")
      var quantized = self.bench([("pads", Tensor([8], pads))])
      quantized.node("Pad", ["x", "pads"], ["y"], ["mode": .string(mode)], opset: 19)
      let (program, error) = try quantized.int8(shared: ["y": "x"])
      #expect(error < 3 && !program.kinds.contains { $0.hasPrefix("float") }, "\(pads)")
    }
  }

  @Test("sums, means and extremes of several inputs with broadcasting", arguments: ["Sum", "Mean", "Max", "Min"])
  func several(_ opType: String) throws {
    var bench = bench([("k", Tensor([], [Float(0.25)]))])
    bench.input("b", [4, 1, 6])
    bench.input("c", [6, 1])
    bench.node(opType, ["b", "k", "x", "c"], ["y"])
    #expect(try bench.float().error < 1e-5)
  }

  @Test("products of transposed and scaled matrices that are computed")
  func gemm() throws {
    for (alpha, beta, transposed) in [(1, 1, 1), (0.5, 1, 0), (1, -2, 1), (2, 0, 0), (0.5, 0.5, 1)]
      as [(Float, Float, Int64)]
    {
      var bench = LoweringBench(seed: 8)
      bench.input("a", transposed == 1 ? [5, 3] : [3, 5])
      bench.input("b", [5, 4])
      bench.input("c", [3, 1])
      bench.node(
        "Gemm", ["a", "b", "c"], ["y"],
        ["alpha": .float(alpha), "beta": .float(beta), "transA": .int(transposed)])
      #expect(try bench.float().error < 1e-5)
    }
  }

  @Test("batches of matrices that broadcast in different axes")
  func batches() throws {
    var bench = LoweringBench(seed: 9)
    bench.input("a", [2, 1, 3, 5])
    bench.input("b", [4, 5, 2])
    bench.node("MatMul", ["a", "b"], ["y"])
    #expect(try bench.float().error < 1e-5)
  }

  @Test("many copies of a tensor are one step, and values without elements none")
  func copiesAndNothing() throws {
    var bench = LoweringBench(seed: 9)
    bench.input("a", [3, 2])
    bench.constant("repeats", Tensor([2], [50, 200] as [Int64]))
    bench.node("Tile", ["a", "repeats"], ["y"])
    let (program, error) = try bench.float()
    #expect(error == 0 && program.kinds == ["move"])
    var empty = LoweringBench(seed: 9)
    empty.input("a", [3, 2])
    for (name, value) in [("from", 1), ("to", 1), ("axis", 0)] { empty.constant(name, Tensor([1], [Int64(value)])) }
    empty.node("Slice", ["a", "from", "to", "axis"], ["s"])
    empty.node("Relu", ["s"], ["r"])
    empty.node("Concat", ["r", "a"], ["y"], ["axis": .int(0)])
    #expect(try empty.float().program.kinds == ["move"])
  }
}
