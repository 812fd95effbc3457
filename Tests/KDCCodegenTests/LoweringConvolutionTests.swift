import KDCCodegen
import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor
import Testing

@Suite("Lowering of convolutions and matrix products")
struct LoweringConvolutionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var input: Shape
    var weights: Shape
    var attributes: [String: Attribute] = [:]
    var residual: Shape?
    var testDescription: String { "\(input) \(weights) \(attributes.keys.sorted())" }
  }
  static let cases: [Case] = [
    Case(input: [1, 3, 8, 7], weights: [6, 3, 3, 3], attributes: ["pads": .pads(1, 1, 1, 1)]),
    Case(input: [1, 8, 5, 5], weights: [4, 8, 1, 1], attributes: ["activation": .string("Relu")]),
    Case(
      input: [1, 6, 9, 9], weights: [6, 1, 3, 3],
      attributes: ["group": .int(6), "strides": .ints([2, 2]), "pads": .pads(1, 1, 1, 1)]),
    Case(input: [1, 4, 9, 9], weights: [6, 2, 3, 3], attributes: ["group": .int(2), "dilations": .ints([2, 2])]),
    Case(
      input: [1, 4, 6, 6], weights: [4, 4, 3, 3],
      attributes: [
        "pads": .pads(1, 1, 1, 1), "activation": .string("Clip"), "activation_params": .floats([-0.5, 1.5]),
      ], residual: [1, 4, 6, 6]),
    Case(input: [1, 5, 12], weights: [7, 5, 3], attributes: ["pads": .pads(1, 1), "strides": .ints([2])]),
    Case(
      input: [1, 2, 20, 1], weights: [3, 2, 5, 1],
      attributes: ["pads": .pads(2, 0, 1, 0), "strides": .ints([2, 1]), "dilations": .ints([2, 1])]),
  ]

  private func bench(_ test: Case) -> LoweringBench {
    var bench = LoweringBench(seed: 3)
    bench.input("x", test.input)
    bench.weights("w", test.weights)
    bench.weights("b", [test.weights[0]])
    if let residual = test.residual { bench.input("z", residual) }
    bench.node("FusedConv", ["x", "w", "b"] + (test.residual == nil ? [] : ["z"]), ["y"], test.attributes)
    return bench
  }

  @Test("a float convolution agrees with the evaluator", arguments: cases)
  func float(_ test: Case) throws {
    var bench = bench(test)
    let (program, error) = try bench.float()
    #expect(error < 1e-4)
    #expect(program.kinds.contains("floatConvolution"))
  }

  @Test("an int8 convolution is within one step of the output's scale", arguments: cases)
  func int8(_ test: Case) throws {
    var bench = bench(test)
    let (program, error) = try bench.int8()
    #expect(error < 1.02)
    #expect(program.kinds.contains("convolution"))
    #expect(!program.kinds.contains("floatConvolution"))
    #expect(!program.kinds.contains("add"))
  }

  @Test("an image of one column becomes one of a single row, whose windows are contiguous")
  func column() throws {
    var bench = bench(Self.cases[Self.cases.count - 1])
    let step = try #require(bench.int8().program.steps.compactMap { $0 as? ConvolutionStep }.first)
    let g = step.geometry
    #expect((g.inputHeight, g.inputWidth) == (1, 20))
    #expect((g.kernelHeight, g.kernelWidth) == (1, 5))
    #expect((g.padTop, g.padLeft, g.strideX, g.dilationX) == (0, 2, 2, 2))
  }

  @Test("a residual with a scale far below the output's is added by its own step")
  func tinyResidual() throws {
    var bench = LoweringBench(seed: 5)
    bench.input("x", [1, 4, 4, 4], in: -100...100)
    bench.input("z", [1, 4, 4, 4], in: -0.001...0.001)
    bench.weights("w", [4, 4, 1, 1])
    bench.weights("b", [4])
    bench.node("FusedConv", ["x", "w", "b", "z"], ["y"])
    let (program, error) = try bench.int8()
    #expect(error < 2.1)
    #expect(program.kinds.contains("add"))
  }

  @Test("dead channels and huge biases keep their values")
  func deadChannels() throws {
    var bench = LoweringBench(seed: 6)
    bench.input("x", [1, 2, 3, 3], in: -0.01...0.01)
    bench.constant("w", Tensor([3, 2, 1, 1], [0, 0, 1e-7, -1e-7, 0.5, 0.25] as [Float]))
    bench.constant("b", Tensor([3], [3, -2, 0.001] as [Float]))
    bench.node("FusedConv", ["x", "w", "b"], ["y"])
    let (program, error) = try bench.int8()
    #expect(error < 1.02)
    #expect(program.kinds.contains("convolution"))
  }

  @Test(
    "a transposed convolution becomes phases of a plain one", arguments: [1, 2],
    [
      (kernel: 2, stride: 2, pad: 0, extra: 0), (4, 2, 1, 0), (3, 2, 1, 1), (3, 1, 1, 0), (2, 3, 0, 0), (5, 3, 2, 2),
    ])
  func transposed(group: Int, shape: (kernel: Int, stride: Int, pad: Int, extra: Int)) throws {
    func make() -> LoweringBench {
      var bench = LoweringBench(seed: 7)
      bench.input("x", [1, 4, 5, 4])
      bench.weights("w", [4, 3, shape.kernel, shape.kernel])
      bench.weights("b", [3 * group])
      let (stride, pad, extra) = (Int64(shape.stride), Int64(shape.pad), Int64(shape.extra))
      bench.node(
        "ConvTranspose", ["x", "w", "b"], ["y"],
        [
          "strides": .ints([stride, stride]), "pads": .pads(pad, pad, pad, pad),
          "output_padding": .ints([extra, extra]), "group": .int(Int64(group)),
        ])
      return bench
    }
    var float = make()
    #expect(try float.float().error < 1e-4)
    guard group == 1 else { return }
    var int8 = make()
    let (program, error) = try int8.int8()
    #expect(error < 1.02)
    #expect(program.kinds.contains("convolution"))
  }

  @Test("a fully connected layer is a 1×1 convolution; after a flattened image its weights are permuted")
  func gemm() throws {
    func make() -> LoweringBench {
      var bench = LoweringBench(seed: 8)
      bench.input("x", [1, 3, 6, 6])
      bench.weights("w", [4, 3, 3, 3])
      bench.weights("b", [4])
      bench.node("FusedConv", ["x", "w", "b"], ["c"])
      bench.node("Flatten", ["c"], ["f"])
      bench.weights("v", [10, 64], in: -0.2...0.2)
      bench.weights("d", [10])
      bench.node("FusedGemm", ["f", "v", "d"], ["y"])
      return bench
    }
    var float = make()
    let (floatProgram, floatError) = try float.float()
    #expect(floatError < 1e-4)
    #expect(floatProgram.kinds == ["move", "floatConvolution", "floatConvolution"])
    var int8 = make()
    let (program, error) = try int8.int8(shared: ["f": "c"])
    #expect(error < 4)
    #expect(program.kinds == ["quantize", "convolution", "convolution", "dequantize"])
  }

  @Test("matrix products of computed values, with batches and broadcasting")
  func matMul() throws {
    for (a, b) in [([3, 4], [4, 5]), ([2, 3, 4], [4, 5]), ([2, 3, 4], [2, 4, 5]), ([4], [4, 5])] as [(Shape, Shape)] {
      var bench = LoweringBench(seed: 9)
      bench.input("a", a)
      bench.input("b", b)
      bench.node("MatMul", ["a", "b"], ["y"])
      #expect(try bench.float().error < 1e-4, "\(a) \(b)")
    }
  }

  @Test("what has no lowering is named, all of it")
  func refusals() {
    var bench = LoweringBench()
    bench.input("x", [1, 3, 4, 4])
    bench.input("w", [3, 3, 1, 1])
    bench.node("FusedConv", ["x", "w"], ["a"])
    bench.node("Relu", ["a"], ["b"])
    bench.node("ConvTranspose", ["x", "w"], ["c"])
    bench.graph.outputs = ["b", "c"]
    let error = #expect(throws: DiagnosticList.self) { try lower(bench.graph) }
    #expect(error?.all.map(\.id) == [.cannotLower, .cannotLower])
    #expect(error?.all.first?.place?.detail?.contains("n0") == true)
    #expect(error?.all.first?.message.contains("weights that are computed from data") == true)
  }
}
