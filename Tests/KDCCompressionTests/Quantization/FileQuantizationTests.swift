import KDCCodegen
import KDCCompression
import KDCGraph
import KDCOps
import KDCPasses
import KDCProgram
import KDCTensor
import Testing

@Suite struct FileQuantizationTests {
  /// Two layers that ONNX Runtime could have quantised: weights in steps of a scale a channel, values in uint8.
  private static func model(weights: (Int) -> Int8 = { Int8($0 * 37 % 255 - 127) }, quantizesInner: Bool = true)
    -> Graph
  {
    var graph = Graph(
      name: "g", opset: 17, file: "g.onnx", inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, 4, 6, 6]))],
      outputs: ["y"], nodes: [])
    func add(_ opType: String, _ inputs: [String], _ output: String, _ attributes: [String: Attribute] = [:]) {
      graph.nodes.append(
        Node(name: output, opType: opType, opset: 17, inputs: inputs, outputs: [output], attributes: attributes))
    }
    func round(_ input: String, _ output: String, _ scale: Float, _ zero: UInt8) {
      graph.initializers[output + ".s"] = Tensor([], [scale])
      graph.initializers[output + ".z"] = Tensor([], .uint8([zero]))
      add("QuantizeLinear", [input, output + ".s", output + ".z"], output + ".q")
      add("DequantizeLinear", [output + ".q", output + ".s", output + ".z"], output)
    }
    func layer(_ input: String, _ output: String) {
      graph.initializers[output + ".w"] = Tensor([4, 4, 3, 3], .int8((0..<144).map(weights)))
      graph.initializers[output + ".ws"] = Tensor([4], [0.002, 0.001, 0.003, 0.0015] as [Float])
      graph.initializers[output + ".b"] = Tensor([4], [0.1, 0, -0.1, 0.2] as [Float])
      add("DequantizeLinear", [output + ".w", output + ".ws"], output + ".wr", ["axis": .int(0)])
      add("Conv", [input, output + ".wr", output + ".b"], output, ["pads": .ints([1, 1, 1, 1])])
    }
    round("x", "xr", 0.016, 128)
    layer("xr", "c")
    if quantizesInner { round("c", "cr", 0.02, 0) } else { add("Relu", ["c"], "cr") }
    layer("cr", "d")
    round("d", "y", 0.05, 120)
    return graph
  }

  private static let samples: [Tensor] = (0..<4).map { sample in
    let values: [Float] = (0..<144).map { (index: Int) -> Float in Float((index * 29 + sample * 17) % 200) / 100 - 1 }
    return Tensor([1, 4, 6, 6], values)
  }

  private func canonical(_ graph: Graph) throws -> Graph {
    var graph = graph
    try Passes.run(on: &graph)
    return graph
  }

  @Test("Scales, zero points and weights are the file's, and the program's answers those of the file to a step")
  func answers() throws {
    let file = Self.model()
    let graph = try FileQuantization(canonical(file), threads: 1).graph
    #expect(graph.quantization["x"] == QuantizationParameters(scale: 0.016, zeroPoint: 0))
    #expect(graph.quantization["y"] == QuantizationParameters(scale: 0.05, zeroPoint: -8))
    let weights = try #require(graph.nodes.first.flatMap { graph.initializers[$0.inputs[1]] })
    #expect("\(weights.elements)" == "\(file.initializers["c.w"]!.elements)")
    var interpreter = try Interpreter(lower(graph))
    var typed = file
    try typed.inferTypes()
    let evaluator = try GraphEvaluator(typed)
    for x in Self.samples {
      let wanted = try #require(try evaluator.run(inputs: ["x": x])["y"]?.floats)
      let found = try #require(try interpreter.run(["x": x])["y"]?.floats)
      for (a, b) in zip(wanted, found) { #expect(abs(a - b) <= 0.0501) }
      #expect(zip(wanted, found).count { $0 != $1 } <= wanted.count / 20)
    }
  }

  @Test("Layers around a value without scales stay float")
  func partly() throws {
    let found = try FileQuantization(canonical(Self.model(quantizesInner: false)), threads: 1)
    #expect(found.float.count == 2)
    #expect(found.float.values.allSatisfy { $0.contains("no scale") })
    #expect(!found.graph.initializers.values.contains { $0.dataType == .int8 })
  }

  @Test("Weights of −128 steps become −127, and that is said")
  func clipped() throws {
    let found = try FileQuantization(
      canonical(Self.model(weights: { $0 == 0 ? -128 : Int8($0 * 37 % 255 - 127) })), threads: 1)
    #expect(found.rounded.count == 2)
    #expect(found.rounded.values.allSatisfy { $0.hasPrefix("1 weights of −128") })
  }

  @Test("Weights with another zero point than 0 are rounded anew, to less than a step")
  func asymmetric() throws {
    var file = Self.model()
    for name in ["c", "d"] {
      file.initializers[name + ".w"] = Tensor([4, 4, 3, 3], .uint8((0..<144).map { UInt8($0 * 37 % 256) }))
      file.initializers[name + ".wz"] = Tensor([4], .uint8([90, 90, 90, 90]))
      if let index = file.nodes.firstIndex(where: { $0.name == name + ".wr" }) {
        file.nodes[index].inputs.append(name + ".wz")
      }
    }
    let found = try FileQuantization(canonical(file), threads: 1)
    #expect(found.rounded.count == 2)
    #expect(found.graph.quantization.keys.contains("x"))
  }

  @Test("Written with its steps and read again, the model is the same")
  func roundTrip() throws {
    let first = try FileQuantization(canonical(Self.model()), threads: 1).graph
    var written = first.withQuantizationSteps()
    #expect(written.verify().isEmpty)
    #expect(written.nodes.allSatisfy { $0.domain.isEmpty })
    try written.inferTypes()
    let second = try FileQuantization(canonical(written), threads: 1).graph
    #expect(second.quantization["x"] == first.quantization["x"] && second.quantization["y"] == first.quantization["y"])
    var (a, b) = (try Interpreter(lower(first)), try Interpreter(lower(second)))
    for x in Self.samples {
      let (wanted, found) = (try a.run(["x": x])["y"]?.floats, try b.run(["x": x])["y"]?.floats)
      #expect(zip(wanted ?? [], found ?? []).count { abs($0 - $1) > 0.0501 } == 0)
    }
  }
}
