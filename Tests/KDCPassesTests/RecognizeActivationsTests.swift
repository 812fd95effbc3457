import KDCGraph
import KDCPasses
import KDCTensor
import Testing

@Suite struct RecognizeActivationsTests {
  private func recognized(_ build: (inout GraphBuilder) -> Void) throws -> [String] {
    var b = GraphBuilder()
    b.input("x", [2, 3])
    for (name, value) in [("zero", 0), ("half", 0.5), ("one", 1), ("three", 3), ("six", 6)] as [(String, Float)] {
      b.constant(name, [], [value])
    }
    b.constant("sixth", [], [1 / 6])
    b.constant("root2", [1], [Float(2).squareRoot()])
    build(&b)
    b.graph.outputs = ["y"]
    return try apply(RecognizeActivations.self, to: b.graph, tolerance: 1e-4).graph.opTypes
  }

  private func clipped(_ b: inout GraphBuilder) {
    b.node("Add", ["three", "x"], "a")
    b.node("Clip", ["a", "zero", "six"], "c")
  }

  @Test("HardSwish in each of the ways it is written")
  func hardSwish() throws {
    #expect(
      try recognized { b in
        clipped(&b)
        b.node("Mul", ["x", "c"], "m")
        b.node("Div", ["m", "six"], "y")
      } == ["HardSwish"])
    #expect(
      try recognized { b in
        clipped(&b)
        b.node("Mul", ["c", "sixth"], "d")
        b.node("Mul", ["d", "x"], "y")
      } == ["HardSwish"])
    #expect(
      try recognized { b in
        clipped(&b)
        b.node("Div", ["x", "six"], "d")
        b.node("Mul", ["d", "c"], "y")
      } == ["HardSwish"])
    #expect(
      try recognized { b in
        b.node("HardSigmoid", ["x"], "h", ["alpha": .float(1 / 6)])
        b.node("Mul", ["x", "h"], "y")
      } == ["HardSwish"])
  }

  @Test("A clipped and scaled sum is a HardSigmoid")
  func hardSigmoid() throws {
    #expect(
      try recognized { b in
        clipped(&b)
        b.node("Div", ["c", "six"], "y")
      } == ["HardSigmoid"])
  }

  @Test("x · sigmoid(x) is QuickGelu with alpha 1")
  func gated() throws {
    #expect(
      try recognized { b in
        b.node("Sigmoid", ["x"], "s")
        b.node("Mul", ["s", "x"], "y")
      } == ["QuickGelu"])
  }

  @Test("Gelu by the error function, whatever is multiplied first")
  func gelu() throws {
    for order in [["x", "half", "e"], ["x", "e", "half"], ["e", "half", "x"]] {
      #expect(
        try recognized { b in
          b.node("Div", ["x", "root2"], "d")
          b.node("Erf", ["d"], "f")
          b.node("Add", ["f", "one"], "e")
          b.node("Mul", [order[0], order[1]], "m")
          b.node("Mul", ["m", order[2]], "y")
        } == ["Gelu"], "\(order)")
    }
  }

  @Test("Gelu by tanh, as exporters write the cube and the order")
  func tanhGelu() throws {
    func finish(_ b: inout GraphBuilder, _ inner: String) {
      b.node("Tanh", [inner], "t")
      b.node("Add", ["one", "t"], "e")
      b.node("Mul", ["half", "x"], "h")
      b.node("Mul", ["h", "e"], "y")
    }
    for cube in [["Pow", "three"], ["Mul", "square"]] {
      #expect(
        try recognized { b in
          b.constant("c", [1], [0.044715])
          b.constant("r", [], [0.7978845608])
          b.node("Mul", ["x", "x"], "square")
          b.node(cube[0], ["x", cube[1]], "q")
          b.node("Mul", ["q", "c"], "p")
          b.node("Add", ["x", "p"], "a")
          b.node("Mul", ["r", "a"], "i")
          finish(&b, "i")
        }.last == "Gelu", "\(cube)")
    }
    // ((c · x) · x) · x, and x · (1 + c · x · x).
    #expect(
      try recognized { b in
        b.constant("c", [], [0.044715])
        b.constant("r", [], [0.7978845608])
        b.node("Mul", ["c", "x"], "c1")
        b.node("Mul", ["c1", "x"], "c2")
        b.node("Mul", ["c2", "x"], "c3")
        b.node("Add", ["x", "c3"], "a")
        b.node("Mul", ["a", "r"], "i")
        finish(&b, "i")
      } == ["Gelu"])
    #expect(
      try recognized { b in
        b.constant("c", [], [0.044715])
        b.constant("r", [], [0.7978845608])
        b.node("Mul", ["c", "x"], "c1")
        b.node("Mul", ["c1", "x"], "c2")
        b.node("Add", ["c2", "one"], "a")
        b.node("Mul", ["x", "r"], "s")
        b.node("Mul", ["s", "a"], "i")
        finish(&b, "i")
      } == ["Gelu"])
    // Another number is another function.
    #expect(
      try !recognized { b in
        b.constant("c", [], [0.05])
        b.constant("r", [], [0.7978845608])
        b.node("Pow", ["x", "three"], "q")
        b.node("Mul", ["q", "c"], "p")
        b.node("Add", ["x", "p"], "a")
        b.node("Mul", ["r", "a"], "i")
        finish(&b, "i")
      }.contains("Gelu"))
  }

  @Test("x · tanh(softplus(x)) is Mish")
  func mish() throws {
    #expect(
      try recognized { b in
        b.node("Softplus", ["x"], "s")
        b.node("Tanh", ["s"], "t")
        b.node("Mul", ["t", "x"], "y")
      } == ["Mish"])
  }

  @Test("Other slopes, bounds and operands are no HardSwish")
  func unfit() throws {
    #expect(
      try recognized { b in
        b.node("HardSigmoid", ["x"], "h")
        b.node("Mul", ["x", "h"], "y")
      } == ["HardSigmoid", "Mul"])
    #expect(
      try recognized { b in
        b.node("Add", ["one", "x"], "a")
        b.node("Clip", ["a", "zero", "six"], "c")
        b.node("Div", ["c", "six"], "y")
      } == ["Add", "Clip", "Div"])
  }
}
