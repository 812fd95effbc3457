import KDCCodegen
import KDCGraph
import KDCOps
import KDCProgram
import KDCTensor
import KDCTestSupport
import Testing

@Suite("Lowering of several samples at once")
struct LoweringBatchTests {
  /// An operator on three images that a convolution made, with what reads it.
  struct Case: Sendable, CustomTestStringConvertible {
    var opType: String
    var attributes: [String: Attribute] = [:]
    var constants: [(String, Tensor)] = []
    var extra: [String] = []
    /// In the int8 program.
    var integerStep: String?
    var isMovement = false
    var opset = 17
    var testDescription: String { "\(opType) \(attributes.keys.sorted()) \(constants.map(\.0))" }
  }

  private static func floats(_ shape: Shape, _ values: Float...) -> Tensor { Tensor(shape, values) }
  private static let window: [String: Attribute] = [
    "kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "pads": .pads(1, 1, 1, 1),
  ]

  static let cases: [Case] = [
    Case(
      opType: "FusedConv", attributes: ["pads": .pads(1, 1, 1, 1), "activation": .string("Relu")],
      constants: [("v", Tensor([4, 4, 3, 3], (0..<144).map { Float($0 % 7) / 20 - 0.15 }))], integerStep: "convolution"),
    Case(
      opType: "ConvTranspose", attributes: ["strides": .ints([2, 2])],
      constants: [("v", Tensor([4, 2, 2, 2], (0..<32).map { Float($0 % 5) / 10 - 0.2 }))], integerStep: "convolution"),
    Case(opType: "MaxPool", attributes: window, integerStep: "maxPool", isMovement: true),
    Case(opType: "AveragePool", attributes: window, integerStep: "averagePool"),
    Case(opType: "GlobalAveragePool", integerStep: "averagePool"),
    Case(opType: "GlobalMaxPool", integerStep: "maxPool", isMovement: true),
    Case(opType: "DepthToSpace", attributes: ["blocksize": .int(2)], integerStep: "move", isMovement: true),
    Case(opType: "SpaceToDepth", attributes: ["blocksize": .int(2)], integerStep: "move", isMovement: true),
    Case(
      opType: "InstanceNormalization",
      constants: [("scale", floats([4], 1, 2, 3, 4)), ("bias", floats([4], 0, 1, 0, 1))]),
    Case(
      opType: "BatchNormalization",
      constants: [
        ("scale", floats([4], 1, 2, 0.5, -1)), ("bias", floats([4], 0, 1, 2, 3)), ("mean", floats([4], 0, 1, -1, 2)),
        ("var", floats([4], 1, 0.5, 2, 0.1)),
      ], integerStep: "table"),
    Case(
      opType: "Resize", attributes: ["mode": .string("linear")], constants: [("scales", floats([4], 1, 1, 2, 1.5))],
      extra: [""], integerStep: "resizeLinear", isMovement: true),
    Case(
      opType: "Resize", attributes: ["nearest_mode": .string("floor")],
      constants: [("sizes", Tensor([4], [3, 4, 9, 4] as [Int64]))], extra: ["", ""], integerStep: "resizeLinear",
      isMovement: true),
    Case(
      opType: "Upsample", attributes: ["mode": .string("linear")], constants: [("scales", floats([4], 1, 1, 2, 2))],
      integerStep: "resizeLinear", isMovement: true, opset: 9),
    Case(opType: "Relu", integerStep: "table"),
    Case(opType: "PRelu", constants: [("s", floats([3, 4, 1, 1], 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))]),
    Case(opType: "Mul", constants: [("k", floats([1, 4, 1, 1], 1, 2, -3, 0.5))], integerStep: "table"),
    Case(opType: "Add", constants: [("k", floats([3, 1, 1, 1], 1, 2, -3))]),
    Case(opType: "Flatten", isMovement: true),
  ]

  private func bench(_ test: Case) -> LoweringBench {
    var bench = LoweringBench(seed: 21)
    bench.input("i", [3, 3, 6, 6])
    bench.weights("w", [4, 3, 1, 1])
    bench.node("FusedConv", ["i", "w"], ["x"])
    for (name, tensor) in test.constants { bench.constant(name, tensor) }
    bench.node(test.opType, ["x"] + test.extra + test.constants.map(\.0), ["y"], test.attributes, opset: test.opset)
    return bench
  }

  @Test("the float program agrees with the evaluator", arguments: cases)
  func float(_ test: Case) throws {
    var bench = bench(test)
    #expect(try bench.float().error < 1e-4)
  }

  @Test("the int8 program is within a few steps of the output's scale", arguments: cases)
  func int8(_ test: Case) throws {
    var bench = bench(test)
    let (program, error) = try bench.int8(shared: test.isMovement ? ["y": "x"] : [:])
    #expect(error < (test.integerStep == "averagePool" ? 6 : 4), "\(program.listing)")
    if let step = test.integerStep { #expect(program.kinds.contains(step), "\(program.listing)") }
  }

  @Test("samples go from layer to layer by themselves, with one copy of the weights")
  func run() throws {
    func program(_ batch: Int) throws -> Program {
      var bench = LoweringBench(seed: 22)
      bench.input("i", [batch, 3, 6, 6])
      bench.weights("w", [4, 3, 3, 3])
      bench.weights("v", [4, 4, 3, 3])
      bench.node("FusedConv", ["i", "w"], ["x"], ["pads": .pads(1, 1, 1, 1)])
      bench.node("Sigmoid", ["x"], ["s"])
      bench.node("Mul", ["x", "s"], ["m"])
      bench.node("FusedConv", ["m", "v", "", "x"], ["z"], ["pads": .pads(1, 1, 1, 1)])
      bench.node("GlobalAveragePool", ["z"], ["p"])
      bench.node("Flatten", ["p"], ["y"])
      let (program, error) = try bench.float()
      #expect(error < 1e-4)
      return program
    }
    let (one, three) = (try program(1), try program(3))
    #expect(one.constants.map(\.tensor.byteCount) == three.constants.map(\.tensor.byteCount))
    // The images are cut and the means are put together: nothing else moves.
    let moves = { (program: Program) in program.kinds.filter { $0 == "move" }.count }
    #expect(moves(three) == moves(one) + 3 + 3, "\(three.listing)")
  }

  @Test("recurrent layers take several sequences, in both directions", arguments: ["GRU", "LSTM"], [1, 2])
  func recurrent(_ opType: String, directions: Int) throws {
    let gates = opType == "GRU" ? 3 : 4
    var bench = LoweringBench(seed: 23)
    bench.input("x", [5, 3, 2])
    bench.weights("w", [directions, gates * 4, 2])
    bench.weights("r", [directions, gates * 4, 4])
    bench.weights("b", [directions, gates * 8])
    bench.constant("lengths", Tensor([3], [5, 5, 5] as [Int32]))
    bench.input("h", [directions, 3, 4])
    var attributes: [String: Attribute] = ["hidden_size": .int(4)]
    if directions == 2 { attributes["direction"] = .string("bidirectional") }
    let outputs = ["y", "yh"] + (opType == "LSTM" ? ["yc"] : [])
    bench.node(opType, ["x", "w", "r", "b", "lengths", "h"], outputs, attributes)
    let (program, error) = try bench.float()
    #expect(error < 1e-4)
    #expect(program.kinds.filter { $0 == "recurrent" }.count == 3 * directions)
  }

  @Test("a value keeps its order where it is reshaped after samples were put together")
  func reshaped() throws {
    var bench = LoweringBench(seed: 24)
    bench.input("i", [2, 3, 4, 4])
    bench.weights("w", [4, 3, 1, 1])
    bench.node("FusedConv", ["i", "w"], ["x"])
    bench.constant("shape", Tensor([3], [2, 4, 16] as [Int64]))
    bench.node("Reshape", ["x", "shape"], ["r"])
    bench.constant("back", Tensor([4], [2, 4, 4, 4] as [Int64]))
    bench.node("Reshape", ["r", "back"], ["q"])
    bench.node("MaxPool", ["q"], ["y"], ["kernel_shape": .ints([2, 2])])
    var quantized = bench
    #expect(try bench.float().error < 1e-4)
    #expect(try quantized.int8(shared: ["r": "x", "q": "x", "y": "x"]).error < 3)
  }
}
