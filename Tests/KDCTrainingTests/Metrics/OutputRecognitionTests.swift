import KDCGraph
import KDCOps
import KDCTensor
import KDCTraining
import Testing

@Suite("Recognition of what outputs mean")
struct OutputRecognitionTests {
  private struct Step {
    var op: String
    var inputs: [String]
    var output: String
    var attributes: [String: Attribute]
    var domain = ""
  }

  private static func step(
    _ op: String, _ inputs: [String], _ output: String, _ attributes: [String: Attribute] = [:]
  ) -> Step { Step(op: op, inputs: inputs, output: output, attributes: attributes) }

  private static let constants: [String: Tensor] = [
    "w": Tensor([6, 4], (0..<24).map { Float($0 % 5) - 2 }), "one": Tensor([], [1 as Float]),
    "two": Tensor([], [2 as Float]), "half": Tensor([], [-0.5 as Float]), "eps": Tensor([], [1e-6 as Float]),
    "axis": Tensor([1], [1 as Int64]), "shape": Tensor([2], [1, 4] as [Int64]),
    "long": Tensor([4], [1, 4, 1, 1] as [Int64]),
  ]

  /// The kind of `output`, which the steps compute from the product "p" [1,4] of the input "x" [1,6].
  private static func kind(_ steps: [Step], _ output: String) throws -> OutputKind? {
    let nodes = ([step("MatMul", ["x", "w"], "p")] + steps).map {
      Node(
        name: $0.output, opType: $0.op, opset: 13, inputs: $0.inputs, outputs: [$0.output], attributes: $0.attributes)
    }
    var graph = Graph(
      name: "g", opset: 13, inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, 6]))], outputs: [output],
      nodes: nodes, initializers: constants)
    try graph.inferTypes()
    graph.recognizeOutputKinds()
    return graph.outputKinds[output]
  }

  @Test("Softmax, LogSoftmax and Sigmoid, also behind what moves and casts, and written out")
  func scores() throws {
    let softmax = Self.step("Softmax", ["p"], "s")
    #expect(try Self.kind([Self.step("Softmax", ["p"], "y")], "y") == .probabilities)
    #expect(
      try Self.kind(
        [
          softmax, Self.step("Reshape", ["s", "long"], "r"),
          Self.step("Transpose", ["r"], "t", ["perm": .ints([0, 1, 3, 2])]),
          Self.step("Flatten", ["t"], "f"), Self.step("Identity", ["f"], "y"),
        ], "y") == .probabilities)
    #expect(try Self.kind([softmax, Self.step("Log", ["s"], "y")], "y") == .logProbabilities)
    #expect(try Self.kind([Self.step("LogSoftmax", ["p"], "y")], "y") == .logProbabilities)
    #expect(try Self.kind([Self.step("Sigmoid", ["p"], "y")], "y") == .sigmoid)
    #expect(try Self.kind([Self.step("Sigmoid", ["p"], "s"), Self.step("Clip", ["s"], "y")], "y") == .sigmoid)
    let written = [
      Self.step("Exp", ["p"], "e"), Self.step("ReduceSum", ["e", "axis"], "t", ["keepdims": .int(1)]),
      Self.step("Div", ["e", "t"], "y"),
    ]
    #expect(try Self.kind(written, "y") == .probabilities)
    let sigmoid = [
      Self.step("Neg", ["p"], "n"), Self.step("Exp", ["n"], "e"), Self.step("Add", ["e", "one"], "a"),
      Self.step("Div", ["one", "a"], "y"),
    ]
    #expect(try Self.kind(sigmoid, "y") == .sigmoid)
  }

  @Test("Division by a norm makes an embedding, in the forms that exporters write")
  func embeddings() throws {
    let squares = [
      Self.step("Mul", ["p", "p"], "q"), Self.step("ReduceSum", ["q", "axis"], "t", ["keepdims": .int(1)]),
    ]
    let root = squares + [Self.step("Sqrt", ["t"], "r")]
    #expect(try Self.kind(root + [Self.step("Div", ["p", "r"], "y")], "y") == .embedding)
    #expect(
      try Self.kind(
        root + [
          Self.step("Max", ["r", "eps"], "m"), Self.step("Expand", ["m", "shape"], "e"),
          Self.step("Div", ["p", "e"], "y"),
        ], "y") == .embedding)
    #expect(
      try Self.kind(
        squares + [
          Self.step("Add", ["t", "eps"], "a"), Self.step("Pow", ["a", "half"], "i"), Self.step("Mul", ["p", "i"], "y"),
        ], "y") == .embedding)
    // Divided by the norm of something else.
    let other = [
      Self.step("Mul", ["x", "x"], "q"), Self.step("ReduceSum", ["q", "axis"], "t", ["keepdims": .int(1)]),
      Self.step("Sqrt", ["t"], "r"), Self.step("Div", ["p", "r"], "y"),
    ]
    #expect(try Self.kind(other, "y") == nil)
  }

  @Test(
    "A name tells where operators do not, and nothing is assumed of a bare product",
    arguments: [
      ("logits", OutputKind.logits), ("class_logits_2", .logits), ("lastHiddenState", .regression),
      ("sentence_embedding", .embedding),
      ("pred_boxes", .boxes), ("box", .boxes), ("estate", nil), ("output", nil), ("y", nil),
    ] as [(String, OutputKind?)])
  func names(name: String, expected: OutputKind?) throws {
    #expect(try Self.kind([Self.step("Identity", ["p"], name)], name) == expected)
  }

  @Test("What operators tell goes before the name, but the sides of boxes may be made by sigmoids")
  func precedence() throws {
    #expect(try Self.kind([Self.step("Softmax", ["p"], "logits")], "logits") == .probabilities)
    #expect(try Self.kind([Self.step("Sigmoid", ["p"], "box")], "box") == .boxes)
  }

  @Test("What is known already stays")
  func given() throws {
    var graph = Graph(
      name: "g", opset: 13, inputs: [ValueInfo(name: "x", type: TensorType(.float32, [1, 4]))], outputs: ["y"],
      nodes: [Node(name: "y", opType: "Softmax", opset: 13, inputs: ["x"], outputs: ["y"])])
    try graph.inferTypes()
    graph.outputKinds["y"] = .regression
    graph.recognizeOutputKinds()
    #expect(graph.outputKinds["y"] == .regression)
  }
}
