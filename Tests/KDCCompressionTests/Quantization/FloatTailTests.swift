import KDCCompression
import KDCGraph
import KDCTensor
import Testing

@Suite("Float tail")
struct FloatTailTests {
  /// Boxes up to `size` and scores up to 1 from two convolutions.
  private func heads(_ size: Float) -> QuantizedCase {
    var c = QuantizedCase()
    c.weight("wb", [4, 8, 1, 1], scale: 0.5)
    c.weight("wc", [5, 8, 1, 1], scale: 0.7)
    c.constant("size", [], [size])
    c.node("Conv", ["x", "wb"], "b0")
    c.node("Sigmoid", ["b0"], "b1")
    c.node("Mul", ["b1", "size"], "b")
    c.node("Conv", ["x", "wc"], "c0")
    c.node("Sigmoid", ["c0"], "c")
    return c
  }

  @Test("Boxes and scores of one output keep a scale each", arguments: [1, 30, 640] as [Float], [true, false])
  func concat(size: Float, scoresFirst: Bool) throws {
    var c = heads(size)
    c.node("Concat", scoresFirst ? ["c", "b"] : ["b", "c"], "t", with: ["axis": .int(1)])
    c.node("Transpose", ["t"], "y", with: ["perm": .ints([0, 2, 3, 1])])
    c.graph.outputs = ["y"]
    #expect(try c.decibels("y", axis: 3).allSatisfy { $0 > 30 })
  }

  @Test("So they do in joins of joins, and behind a cut")
  func stacked() throws {
    var c = heads(300)
    c.integers("shape", [1, 9, 36])
    c.integers("parts", [4, 5])
    c.node("Concat", ["b", "c"], "t", with: ["axis": .int(1)])
    c.node("Reshape", ["t", "shape"], "r")
    c.node("Concat", ["r", "r"], "u", with: ["axis": .int(2)])
    c.node("Split", ["u", "parts"], "boxes", "scores", with: ["axis": .int(1)])
    c.node("Sigmoid", ["scores"], "s")
    c.node("Concat", ["boxes", "s"], "y", with: ["axis": .int(1)])
    c.graph.outputs = ["y"]
    #expect(try c.decibels("y", axis: 1).allSatisfy { $0 > 30 })
  }

  @Test("Anchors and strides are added and multiplied in float")
  func anchors() throws {
    var c = QuantizedCase()
    c.weight("w", [4, 8, 1, 1], scale: 0.3)
    c.constant("grid", [1, 1, 6, 6], (0..<36).map { Float($0 * 5) })
    c.constant("strides", [1, 1, 1, 6], [8, 8, 16, 16, 32, 32])
    c.node("Conv", ["x", "w"], "t")
    c.node("Sigmoid", ["t"], "s")
    c.node("Add", ["s", "grid"], "a")
    c.node("Mul", ["a", "strides"], "m")
    c.node("Sub", ["m", "grid"], "y")
    c.graph.outputs = ["y"]
    let graph = try Quantizer.quantize(try c.canonical(), samples: c.samples(8), options: .init()).graph
    #expect(["s"] == ["s", "a", "m", "y"].filter { graph.quantization[$0] != nil })
    #expect(try c.decibels("y", axis: 1).allSatisfy { $0 > 60 })
  }

  @Test("A join that a layer reads shares one scale, as movement to an output and products with one number stay int8")
  func inside() throws {
    var c = heads(10)
    c.weight("w", [3, 9, 1, 1])
    c.constant("half", [], [0.5])
    c.node("Concat", ["b", "c"], "t", with: ["axis": .int(1)])
    c.node("Conv", ["t", "w"], "u")
    c.node("Sigmoid", ["u"], "v")
    c.node("Mul", ["v", "half"], "m")
    c.node("Transpose", ["m"], "y", with: ["perm": .ints([0, 2, 3, 1])])
    c.graph.outputs = ["y"]
    let graph = try Quantizer.quantize(try c.canonical(), samples: c.samples(8), options: .init()).graph
    #expect(graph.quantization["b"] == graph.quantization["c"])
    #expect(["u", "v", "m", "y"].allSatisfy { graph.quantization[$0] != nil })
  }

  @Test("A batch normalisation at the end of an embedding is computed in float")
  func batchNormalization() throws {
    var c = QuantizedCase()
    let spread = (0..<8).map { Float(1 << $0) }
    c.constant("g", [8], spread)
    c.constant("b", [8], spread.reversed())
    c.constant("mean", [8], [Float](repeating: 0.1, count: 8))
    c.constant("var", [8], [Float](repeating: 1, count: 8))
    c.node("GlobalAveragePool", ["x"], "p")
    c.node("Flatten", ["p"], "f")
    c.node("BatchNormalization", ["f", "g", "b", "mean", "var"], "y")
    c.graph.outputs = ["y"]
    #expect(try c.decibels("y", axis: 1).allSatisfy { $0 > 30 })
  }

  @Test("Parts of one input keep a scale each", arguments: [true, false])
  func input(transposed: Bool) throws {
    var c = QuantizedCase(input: transposed ? [1, 8, 2] : [1, 2, 8])
    c.inputFactor = { (transposed ? $0 % 2 : $0 / 8) == 0 ? 1 : 500 }
    for name in ["v", "w"] { c.weight(name, [8, 3], scale: 0.4) }
    c.integers("shape", [1, 8])
    if transposed { c.node("Transpose", ["x"], "t", with: ["perm": .ints([0, 2, 1])]) }
    c.node("Split", [transposed ? "t" : "x"], "a", "b", with: ["axis": .int(1)])
    for (part, weights, output) in [("a", "v", "y"), ("b", "w", "z")] {
      c.node("Reshape", [part, "shape"], part + "r")
      c.node("MatMul", [part + "r", weights], output)
    }
    c.graph.outputs = ["y", "z"]
    for output in c.graph.outputs {
      let found = try c.decibels(output, axis: 1)
      #expect(found.allSatisfy { $0 > 30 }, "\(output): \(found)")
    }
  }
}
