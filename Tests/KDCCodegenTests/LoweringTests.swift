import KDCCodegen
import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor
import Testing

@Suite("Lowering of other operators")
struct LoweringTests {
  /// One operator on an image that a convolution made, so that it comes channels-last.
  struct Case: Sendable, CustomTestStringConvertible {
    var opType: String
    var attributes: [String: Attribute] = [:]
    /// Further inputs by name: constants, or "x2" for a second computed one of the image's shape.
    var constants: [(String, Tensor)] = []
    var extra: [String] = []
    var outputs = ["y"]
    /// Steps that the int8 program must have; nil where the operator has only a float form.
    var integerStep: String?
    /// Outputs that share the image's parameters.
    var isMovement = false
    var opset = 17
    var testDescription: String { "\(opType) \(attributes.keys.sorted()) \(constants.map(\.0))" }
  }

  private static func ints(_ values: Int64...) -> Tensor { Tensor([values.count], values) }
  private static func floats(_ shape: Shape, _ values: Float...) -> Tensor { Tensor(shape, values) }

  static let cases: [Case] = [
    Case(opType: "Relu", integerStep: "table"),
    Case(opType: "HardSwish", integerStep: "table"),
    Case(opType: "Mish", integerStep: "table", opset: 18),
    Case(opType: "Softsign", integerStep: "table"),
    Case(opType: "Selu", integerStep: "table"),
    Case(opType: "Clip", constants: [("lo", floats([], -0.25)), ("hi", floats([], 0.5))], integerStep: "table"),
    Case(opType: "PRelu", constants: [("s", floats([4, 1, 1], 0.1, -0.2, 0.3, 0))], integerStep: "table"),
    Case(opType: "Add", extra: ["x2"], integerStep: "add"),
    Case(opType: "Sub", extra: ["x2"], integerStep: "add"),
    Case(opType: "Mul", extra: ["x2"], integerStep: "multiply"),
    Case(opType: "Mul", constants: [("k", floats([1, 4, 1, 1], 1, 2, -3, 0.5))], integerStep: "table"),
    Case(opType: "Add", constants: [("k", floats([], 0.7))], integerStep: "table"),
    Case(opType: "Sub", constants: [("k", floats([6], 1, 2, 3, 4, 5, -6))], integerStep: "add"),
    Case(opType: "Div", constants: [("k", floats([], 3))], integerStep: "table"),
    Case(opType: "Max", extra: ["x2"], integerStep: "extreme"),
    Case(opType: "Min", extra: ["x2"], integerStep: "extreme"),
    Case(opType: "Min", extra: ["x2", "x2"], integerStep: "extreme"),
    Case(opType: "Max", constants: [("k", floats([6], 0.5, -1, 0, 1, 0.25, -0.5))], integerStep: "extreme"),
    Case(opType: "Max", constants: [("k", floats([], 0.25))], integerStep: "table"),
    Case(
      opType: "Min", constants: [("k", floats([4, 1, 1], 1, 0.5, 0.25, 0)), ("l", floats([], 0.75))], extra: ["x2"],
      integerStep: "extreme"),
    Case(opType: "Sum", extra: ["x2"], integerStep: "add"),
    Case(opType: "Pow", constants: [("k", floats([], 2))]),
    Case(opType: "Pow", constants: [("k", floats([], 3))]),
    Case(
      opType: "MaxPool",
      attributes: ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "pads": .pads(1, 1, 1, 1)],
      integerStep: "maxPool", isMovement: true),
    Case(
      opType: "AveragePool",
      attributes: ["kernel_shape": .ints([3, 2]), "strides": .ints([2, 1]), "pads": .pads(1, 0, 1, 1)],
      integerStep: "averagePool"),
    Case(
      opType: "AveragePool",
      attributes: [
        "kernel_shape": .ints([3, 2]), "strides": .ints([2, 2]), "pads": .pads(1, 0, 1, 1),
        "count_include_pad": .int(1), "ceil_mode": .int(1),
      ], integerStep: "averagePool"),
    Case(opType: "Transpose", attributes: ["perm": .ints([0, 2, 3, 1])], isMovement: true),
    Case(opType: "Transpose", attributes: ["perm": .ints([0, 3, 1, 2])], integerStep: "move", isMovement: true),
    Case(opType: "Flatten", isMovement: true),
    Case(opType: "Reshape", constants: [("shape", ints(2, 2, -1))], isMovement: true),
    Case(opType: "Unsqueeze", constants: [("axes", ints(0))], isMovement: true),
    Case(
      opType: "Slice",
      constants: [("starts", ints(1, 4)), ("ends", ints(4, -7)), ("axes", ints(1, 3)), ("steps", ints(2, -2))],
      integerStep: "move", isMovement: true),
    Case(
      opType: "Split", attributes: ["axis": .int(1)], constants: [("sizes", ints(1, 3))], outputs: ["y", "y2"],
      integerStep: "move", isMovement: true),
    Case(opType: "Concat", attributes: ["axis": .int(1)], extra: ["x2", "x"], integerStep: "move"),
    Case(opType: "Concat", attributes: ["axis": .int(2)], extra: ["x2"], integerStep: "move"),
    Case(
      opType: "Pad", constants: [("pads", ints(0, 1, 2, 0, 0, 0, 1, 3)), ("v", floats([], 0.5))], integerStep: "fill",
      isMovement: true),
    Case(opType: "Expand", constants: [("shape", ints(2, 4, 6, 6))], integerStep: "move", isMovement: true),
    Case(opType: "Tile", constants: [("repeats", ints(1, 2, 1, 3))], integerStep: "move", isMovement: true),
    Case(
      opType: "Gather", attributes: ["axis": .int(1)], constants: [("index", Tensor([], [-2] as [Int64]))],
      integerStep: "move", isMovement: true),
    Case(
      opType: "Gather", attributes: ["axis": .int(2)], constants: [("index", ints(4, 0, 0))], integerStep: "gather",
      isMovement: true),
    Case(opType: "Identity", isMovement: true),
    Case(opType: "Softmax", attributes: ["axis": .int(1)]),
    Case(opType: "Softmax", attributes: ["axis": .int(3)]),
    Case(opType: "Softmax", attributes: ["axis": .int(1)], opset: 11),
    Case(opType: "LogSoftmax", attributes: ["axis": .int(1)]),
    Case(opType: "Cast", attributes: ["to": .int(7)]),
    Case(opType: "GlobalAveragePool", integerStep: "averagePool"),
    Case(opType: "GlobalMaxPool", integerStep: "maxPool", isMovement: true),
    Case(
      opType: "ReduceMean", attributes: ["axes": .ints([2, 3]), "keepdims": .int(0)], integerStep: "averagePool"),
    Case(opType: "ReduceMean", attributes: ["axes": .ints([1])]),
    Case(opType: "ReduceMean", attributes: ["axes": .ints([0, 3]), "keepdims": .int(0)]),
    Case(opType: "ReduceMax", attributes: ["axes": .ints([2])]),
    Case(opType: "ReduceMin", attributes: [:]),
    Case(opType: "ReduceSum", attributes: ["keepdims": .int(0)], constants: [("axes", ints(1, 3))]),
    Case(
      opType: "Resize", constants: [("scales", floats([4], 1, 1, 2, 3))], extra: [""], integerStep: "move",
      isMovement: true),
    Case(
      opType: "Resize", attributes: ["mode": .string("linear")], constants: [("scales", floats([4], 1, 1, 2, 1.5))],
      extra: [""], integerStep: "resizeLinear", isMovement: true),
    Case(
      opType: "Resize", attributes: ["nearest_mode": .string("floor")],
      constants: [("sizes", ints(1, 4, 9, 4))], extra: ["", ""], integerStep: "resizeLinear", isMovement: true),
    Case(
      opType: "Upsample", attributes: ["mode": .string("linear")], constants: [("scales", floats([4], 1, 1, 2, 2))],
      integerStep: "resizeLinear", isMovement: true, opset: 9),
    Case(opType: "DepthToSpace", attributes: ["blocksize": .int(2)], integerStep: "move", isMovement: true),
    Case(
      opType: "DepthToSpace", attributes: ["blocksize": .int(2), "mode": .string("CRD")], integerStep: "move",
      isMovement: true),
    Case(opType: "SpaceToDepth", attributes: ["blocksize": .int(2)], integerStep: "move", isMovement: true),
    Case(
      opType: "LayerNormalization",
      constants: [("scale", floats([6], 1, 2, 3, 4, 5, 6)), ("bias", floats([6], 0, 1, 0, 1, 0, 1))]),
    Case(
      opType: "InstanceNormalization",
      constants: [("scale", floats([4], 1, 2, 3, 4)), ("bias", floats([4], 0, 1, 0, 1))]),
    Case(
      opType: "BatchNormalization",
      constants: [
        ("scale", floats([4], 1, 2, 0.5, -1)), ("bias", floats([4], 0, 1, 2, 3)), ("mean", floats([4], 0, 1, -1, 2)),
        ("var", floats([4], 1, 0.5, 2, 0.1)),
      ], integerStep: "table"),
  ]

  private func bench(_ test: Case) -> LoweringBench {
    var bench = LoweringBench(seed: 4)
    bench.input("i", [1, 3, 6, 6])
    bench.weights("w", [4, 3, 1, 1])
    bench.weights("w2", [4, 3, 1, 1])
    bench.node("FusedConv", ["i", "w"], ["x"])
    if test.extra.contains("x2") { bench.node("FusedConv", ["i", "w2"], ["x2"]) }
    for (name, tensor) in test.constants { bench.constant(name, tensor) }
    bench.node(
      test.opType, ["x"] + test.extra + test.constants.map(\.0), test.outputs, test.attributes, opset: test.opset)
    return bench
  }

  @Test("the float program agrees with the evaluator", arguments: cases)
  func float(_ test: Case) throws {
    var bench = bench(test)
    #expect(try bench.float().error < 1e-4)
  }

  @Test("the int8 program is within a few steps of the output's scale", arguments: cases)
  func int8(_ test: Case) throws {
    guard test.opType != "Cast" else { return }
    var bench = bench(test)
    let shared = test.isMovement ? Dictionary(uniqueKeysWithValues: test.outputs.map { ($0, "x") }) : [:]
    let (program, error) = try bench.int8(shared: shared)
    // A mean's own scale is far below its input's, whose rounding it inherits.
    let limit: Float = test.integerStep == "averagePool" ? 6 : 3
    #expect(error < limit, "\(program.listing)")
    if let step = test.integerStep {
      #expect(program.kinds.contains(step), "\(program.listing)")
      #expect(!program.kinds.contains { $0.hasPrefix("float") }, "\(program.listing)")
    }
  }

  @Test("a mean of an exact int8 input is within one step of its scale")
  func exactMean() throws {
    for opType in ["GlobalAveragePool", "ReduceMean"] {
      var bench = LoweringBench(seed: 13)
      bench.input("x", [1, 4, 6, 6])
      bench.node(opType, ["x"], ["y"], opType == "ReduceMean" ? ["axes": .ints([-1, -2])] : [:])
      let (program, error) = try bench.int8()
      #expect(error < 1.02)
      #expect(program.kinds.contains("averagePool"))
    }
  }

  @Test(
    "a layer normalisation gives its mean and inverse deviation too, and takes one scale for all", arguments: [6, 1])
  func statistics(_ scales: Int) throws {
    var bench = LoweringBench(seed: 14)
    bench.input("x", [2, 3, 6])
    bench.weights("s", [scales], in: 0.5...2)
    bench.weights("b", [6])
    bench.node("LayerNormalization", ["x", "s", "b"], ["y", "mean", "inverse"])
    #expect(try bench.float().error < 1e-4)
    bench.graph.outputs = ["mean", "inverse"]
    #expect(try bench.float().error < 1e-4)
  }

  @Test("recurrent layers in both directions, with and without states", arguments: ["GRU", "LSTM"], [1, 2])
  func recurrent(_ opType: String, directions: Int) throws {
    let gates = opType == "GRU" ? 3 : 4
    for linear in [0, 1] {
      var bench = LoweringBench(seed: 12)
      bench.input("x", [5, 1, 3])
      bench.weights("w", [directions, gates * 4, 3])
      bench.weights("r", [directions, gates * 4, 4])
      bench.weights("b", [directions, gates * 8])
      bench.input("h", [directions, 1, 4])
      var attributes: [String: Attribute] = ["hidden_size": .int(4)]
      if directions == 2 { attributes["direction"] = .string("bidirectional") }
      if opType == "GRU" { attributes["linear_before_reset"] = .int(Int64(linear)) }
      bench.node(
        opType, ["x", "w", "r", "b", "", "h"], ["y", "yh"] + (opType == "LSTM" ? ["yc"] : []), attributes)
      let (program, error) = try bench.float()
      #expect(error < 1e-4)
      #expect(program.kinds == [String](repeating: "recurrent", count: directions))
    }
  }

  @Test("element-wise operations on row-major values, and between layouts")
  func layouts() throws {
    var bench = LoweringBench(seed: 10)
    bench.input("a", [1, 3, 4, 5])
    bench.input("b", [3, 1, 1])
    bench.weights("w", [3, 3, 1, 1])
    bench.node("FusedConv", ["a", "w"], ["c"])
    bench.node("Add", ["c", "a"], ["d"])
    bench.node("Mul", ["d", "b"], ["e"])
    bench.node("Sub", ["b", "e"], ["y"])
    #expect(try bench.float().error < 1e-4)
    var quantized = bench
    #expect(try quantized.int8().error < 4)
  }

  @Test("equal constants are stored once, and unused steps are dropped")
  func sharing() throws {
    var bench = LoweringBench(seed: 11)
    bench.input("x", [1, 4, 2, 2])
    bench.weights("w", [4, 4, 1, 1])
    bench.node("FusedConv", ["x", "w"], ["a"])
    bench.node("FusedConv", ["a", "w"], ["y"])
    bench.node("Exp", ["a"], ["unused"])
    bench.graph.outputs = ["y"]
    let program = try bench.float().program
    #expect(program.constants.count == 2)
    #expect(program.kinds == ["move", "floatConvolution", "floatConvolution", "move"])
  }
}
