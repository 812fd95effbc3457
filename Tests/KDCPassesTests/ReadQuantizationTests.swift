import KDCGraph
import KDCOps
import KDCPasses
import KDCTensor
import Testing

extension GraphBuilder {
  /// QuantizeLinear to uint8 of `input`, named `output`.q, and DequantizeLinear, named `output`.
  mutating func rounded(_ input: String, _ output: String, scale: Float, zeroPoint: UInt8) {
    constant(output + ".s", [], [scale])
    graph.initializers[output + ".z"] = Tensor([], .uint8([zeroPoint]))
    node("QuantizeLinear", [input, output + ".s", output + ".z"], output + ".q")
    node("DequantizeLinear", [output + ".q", output + ".s", output + ".z"], output)
  }
}

@Suite struct ReadQuantizationTests {
  @Test("Rounding between layers becomes the representation of the value, with zero points of int8")
  func pair() throws {
    var b = GraphBuilder()
    b.input("x", [1, 2, 4, 4])
    b.weight("w", [3, 2, 1, 1])
    b.rounded("x", "xr", scale: 0.02, zeroPoint: 100)
    b.node("Conv", ["xr", "w"], "c")
    b.rounded("c", "y", scale: 0.05, zeroPoint: 128)
    b.graph.outputs = ["y"]
    // The difference that is left is that of rounding.
    let (result, _) = try apply(ReadQuantization.self, RemoveNoOps.self, to: b.graph, tolerance: 0.1)
    #expect(result.opTypes == ["Conv"])
    #expect(result.givenQuantization["x"] == QuantizationParameters(scale: 0.02, zeroPoint: -28))
    #expect(result.givenQuantization["y"] == QuantizationParameters(scale: 0.05, zeroPoint: 0))
  }

  @Test("Where the zero point is the least integer, a rectifier that was left out comes back and becomes the layer's")
  func rectifier() throws {
    var b = GraphBuilder()
    b.input("x", [1, 2, 4, 4])
    b.weight("w", [3, 2, 1, 1])
    b.node("Conv", ["x", "w"], "c")
    b.rounded("c", "r", scale: 0.05, zeroPoint: 0)
    b.node("MaxPool", ["r"], "m", ["kernel_shape": .ints([2, 2])])
    b.rounded("m", "p", scale: 0.05, zeroPoint: 0)
    b.node("GlobalAveragePool", ["p"], "y")
    b.graph.outputs = ["y"]
    let (result, _) = try apply(
      ReadQuantization.self, RemoveNoOps.self, CanonicalizeConvolution.self, FuseActivation.self, to: b.graph,
      tolerance: 0.1)
    // The maximum of what is not negative needs none.
    #expect(result.opTypes == ["FusedConv", "MaxPool", "GlobalAveragePool"])
    #expect(result.nodes[0].attributes["activation"].map(\.text) == "\"Clip\"")
    #expect(result.givenQuantization[result.nodes[0].outputs[0]]?.zeroPoint == -128)
    #expect(result.givenQuantization["m"]?.scale == 0.05)
  }

  @Test("Integers that are moved, joined, padded and pooled are moved as reals")
  func movement() throws {
    var b = GraphBuilder()
    b.input("x", [1, 2, 4, 4])
    b.constant("s", [], [0.25])
    b.graph.initializers["z"] = Tensor([], .uint8([100]))
    b.graph.initializers["fill"] = Tensor([], .uint8([104]))
    b.integers("pads", [0, 0, 1, 1, 0, 0, 1, 1])
    b.node("Relu", ["x"], "a")
    b.node("QuantizeLinear", ["x", "s", "z"], "q")
    b.node("QuantizeLinear", ["a", "s", "z"], "r")
    b.node("Concat", ["q", "r"], "joined", ["axis": .int(1)])
    b.node("Pad", ["joined", "pads", "fill"], "padded")
    b.node("MaxPool", ["padded"], "m", ["kernel_shape": .ints([2, 2])])
    b.node("Transpose", ["m"], "t", ["perm": .ints([0, 2, 3, 1])])
    b.node("DequantizeLinear", ["t", "s", "z"], "y")
    b.graph.outputs = ["y"]
    let (result, _) = try apply(ReadQuantization.self, RemoveNoOps.self, to: b.graph, tolerance: 0.13)
    #expect(result.opTypes == ["Relu", "Concat", "Pad", "MaxPool", "Transpose"])
    #expect(result.givenQuantization["y"] == QuantizationParameters(scale: 0.25, zeroPoint: -28))
    let fill = try #require(result.node(making: result.nodes[3].inputs[0])?.inputs[2])
    #expect(result.initializers[fill]?.floats == [1])
  }

  @Test("Rows of a table of integers are rows of its reals")
  func table() throws {
    var b = GraphBuilder()
    b.graph.inputs = [ValueInfo(name: "i", type: TensorType(.int64, [2]))]
    b.graph.initializers["t"] = Tensor([2, 3], .int8([1, 2, 3, 4, 5, 6]))
    b.constant("s", [], [0.5])
    b.node("Gather", ["t", "i"], "g")
    b.node("DequantizeLinear", ["g", "s"], "y")
    b.graph.outputs = ["y"]
    let (result, _) = try apply(ReadQuantization.self, FoldConstants.self, to: b.graph, tolerance: 0)
    #expect(result.opTypes == ["Gather"])
    #expect(result.givenQuantization["y"] == QuantizationParameters(scale: 0.5, zeroPoint: 0))
  }

  @Test("Rounding to 16 bits, or with a scale a channel, stays arithmetic, with the same answers")
  func wide() throws {
    var b = GraphBuilder()
    b.input("x", [2, 3])
    b.constant("s", [], [0.001])
    b.graph.initializers["z"] = Tensor([], .int16([3]))
    b.node("QuantizeLinear", ["x", "s", "z"], "q")
    b.node("DequantizeLinear", ["q", "s", "z"], "r")
    b.constant("c", [3], [0.5, 0.25, 0.125])
    b.node("QuantizeLinear", ["r", "c"], "p", ["axis": .int(1)])
    b.node("DequantizeLinear", ["p", "c"], "y", ["axis": .int(1)])
    b.graph.outputs = ["y"]
    let (result, _) = try apply(ReadQuantization.self, ExpandQuantization.self, to: b.graph, tolerance: 0)
    #expect(result.givenQuantization.isEmpty)
    #expect(!result.opTypes.contains("QuantizeLinear") && result.opTypes.contains("Round"))
  }
}
