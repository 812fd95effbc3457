import Foundation
import KDCCodegen
import KDCCompression
import KDCGraph
import KDCOps
import KDCPasses
import KDCProgram
import KDCTensor
import KDCTestSupport
import Testing

/// Int8 models in which 8 bits of some value would not do, on samples they were not made from.
@Suite("Values that stay float")
struct FloatNeedsTests {
  /// A graph under construction with one input "x" and the output "y".
  struct Model {
    var graph: Graph
    private var random: SeededGenerator

    init(_ shape: Shape, seed: UInt64 = 1) {
      graph = Graph(
        name: "m", opset: 17, inputs: [ValueInfo(name: "x", type: TensorType(.float32, shape))], outputs: ["y"],
        nodes: [])
      random = SeededGenerator(seed: seed)
    }

    mutating func constant(_ name: String, _ shape: Shape = [], _ values: Float...) {
      graph.initializers[name] = Tensor(shape, values)
    }
    mutating func integers(_ name: String, _ values: Int64...) {
      graph.initializers[name] = Tensor([values.count], values)
    }
    mutating func weight(_ name: String, _ shape: Shape, _ size: Float) {
      graph.initializers[name] = Tensor(
        shape, (0..<shape.count).map { _ in Float.random(in: -size...size, using: &random) })
    }
    mutating func node(_ opType: String, _ inputs: [String], _ output: String, _ attributes: [String: Attribute] = [:])
    {
      graph.nodes.append(
        Node(name: output, opType: opType, opset: 17, inputs: inputs, outputs: [output], attributes: attributes))
    }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var shape: Shape
    /// Samples are normal, times e to a power from 0 to this.
    var spread: Float = 0
    var build: @Sendable (inout Model) -> Void
    var testDescription: String { name }

    init(_ name: String, _ shape: Shape, spread: Float = 0, _ build: @escaping @Sendable (inout Model) -> Void) {
      (self.name, self.shape, self.spread, self.build) = (name, shape, spread, build)
    }

    func samples(_ count: Int, seed: UInt64) -> [[String: Tensor]] {
      var random = SeededGenerator(seed: seed)
      return (0..<count).map { _ in
        let size = exp(Float.random(in: 0...max(spread, 1e-6), using: &random))
        let values = (0..<shape.count).map { _ in
          let (u, v) = (Float.random(in: 1e-6...1, using: &random), Float.random(in: 0...1, using: &random))
          return size * (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
        }
        return ["x": Tensor(shape, values)]
      }
    }
  }

  static let cases: [Case] = [
    Case("LayerNormalization in parts", [1, 12, 32], spread: 2.3) { m in
      m.constant("two", [], 2)
      m.constant("epsilon", [], 1e-5)
      m.weight("w", [32, 10], 0.3)
      m.node("ReduceMean", ["x"], "m", ["axes": .ints([-1])])
      m.node("Sub", ["x", "m"], "c")
      m.node("Pow", ["c", "two"], "p")
      m.node("ReduceMean", ["p"], "v", ["axes": .ints([-1])])
      m.node("Add", ["v", "epsilon"], "e")
      m.node("Sqrt", ["e"], "s")
      m.node("Div", ["c", "s"], "l")
      m.node("MatMul", ["l", "w"], "y")
    },
    Case("a standard deviation that epsilon is added to", [1, 12, 32], spread: 3.4) { m in
      m.constant("epsilon", [], 1e-3)
      m.weight("w", [32, 10], 0.3)
      m.node("ReduceMean", ["x"], "m", ["axes": .ints([-1])])
      m.node("Sub", ["x", "m"], "c")
      m.node("Mul", ["c", "c"], "p")
      m.node("ReduceMean", ["p"], "v", ["axes": .ints([-1])])
      m.node("Sqrt", ["v"], "s")
      m.node("Add", ["s", "epsilon"], "e")
      m.node("Div", ["c", "e"], "l")
      m.node("MatMul", ["l", "w"], "y")
    },
    Case("x / ‖x‖", [1, 64], spread: 3.4) { m in
      m.integers("axis", 1)
      m.node("Mul", ["x", "x"], "q")
      m.node("ReduceSum", ["q", "axis"], "s")
      m.node("Sqrt", ["s"], "r")
      m.node("Div", ["x", "r"], "y")
    },
    Case("an embedding divided by its clipped norm", [1, 32]) { m in
      m.weight("w", [32, 16], 0.3)
      m.constant("least", [], 1e-12)
      m.node("MatMul", ["x", "w"], "h")
      m.node("ReduceL2", ["h"], "n", ["axes": .ints([-1])])
      m.node("Clip", ["n", "least"], "c")
      m.node("Div", ["h", "c"], "y")
    },
    Case("the logarithm of a sigmoid", [1, 32]) { m in
      m.weight("w", [32, 16], 1)
      m.node("MatMul", ["x", "w"], "h")
      m.node("Sigmoid", ["h"], "s")
      m.node("Log", ["s"], "y")
    },
    Case("a log-mel spectrum", [1, 20, 32], spread: 2.3) { m in
      m.weight("dft", [32, 24], 0.4)
      m.weight("mel", [24, 8], 0.5)
      m.graph.initializers["mel"] = m.graph.initializers["mel"].map {
        Tensor($0.shape, ($0.floats ?? []).map { $0 > 0.2 ? $0 : 0 })
      }
      m.constant("least", [], 1e-6)
      m.node("MatMul", ["x", "dft"], "f")
      m.node("Mul", ["f", "f"], "p")
      m.node("MatMul", ["p", "mel"], "e")
      m.node("Clip", ["e", "least"], "c")
      m.node("Log", ["c"], "y")
    },
    Case("entropy", [1, 24]) { m in
      m.weight("w", [24, 12], 0.6)
      m.integers("axis", 1)
      m.node("MatMul", ["x", "w"], "h")
      m.node("Softmax", ["h"], "p", ["axis": .int(-1)])
      m.node("Log", ["p"], "l")
      m.node("Mul", ["p", "l"], "q")
      m.node("ReduceSum", ["q", "axis"], "n")
      m.node("Neg", ["n"], "y")
    },
    Case("columns of different scale, standardised", [1, 4]) { m in
      m.graph.initializers["mean"] = Tensor([4], [0, 100, -3000, 0.01] as [Float])
      m.graph.initializers["size"] = Tensor([4], [1, 20, 800, 0.002] as [Float])
      m.graph.initializers["w"] = Tensor([4, 3], [1, -1, 0.5, 0.3, 1, -0.2, 0.7, 0.1, 1, -1, 0.4, 0.6] as [Float])
      // The samples come from what is undone.
      m.node("Mul", ["x", "size"], "raw")
      m.node("Add", ["raw", "mean"], "table")
      m.node("Sub", ["table", "mean"], "c")
      m.node("Div", ["c", "size"], "z")
      m.node("MatMul", ["z", "w"], "y")
    },
    Case("softplus in parts", [1, 24]) { m in
      m.weight("w", [24, 12], 1)
      m.constant("one", [], 1)
      m.node("MatMul", ["x", "w"], "h")
      m.node("Exp", ["h"], "e")
      m.node("Add", ["e", "one"], "o")
      m.node("Log", ["o"], "y")
    },
    Case("a quotient of two layers", [1, 24]) { m in
      m.weight("v", [24, 8], 0.4)
      m.weight("w", [24, 8], 0.4)
      m.constant("least", [], 0.05)
      m.node("MatMul", ["x", "v"], "a")
      m.node("MatMul", ["x", "w"], "b")
      m.node("Relu", ["b"], "r")
      m.node("Add", ["r", "least"], "d")
      m.node("Div", ["a", "d"], "y")
    },
  ]

  /// The cosine of an int8 model's answers with the float model's on samples that it has not seen.
  static func cosine(_ model: Case) throws -> Double {
    var built = Model(model.shape)
    model.build(&built)
    var graph = built.graph
    let evaluator = try GraphEvaluator(graph)
    try Passes.run(on: &graph)
    let quantized = try Quantizer.quantize(graph, samples: model.samples(48, seed: 2), options: .init()).graph
    var interpreter = try Interpreter(lower(quantized))
    var (product, exact, found) = (0.0, 0.0, 0.0)
    for sample in model.samples(12, seed: 3) {
      let outputs = (try evaluator.run(inputs: sample), try interpreter.run(sample))
      let (expected, answer) = (try #require(outputs.0["y"]?.floats), try #require(outputs.1["y"]?.floats))
      for (a, b) in zip(expected, answer) {
        product += Double(a) * Double(b)
        exact += Double(a) * Double(a)
        found += Double(b) * Double(b)
      }
    }
    return product / (exact * found).squareRoot()
  }

  @Test("Divisors, and what roots and logarithms are of, keep their precision in an int8 model", arguments: cases)
  func precise(_ model: Case) throws {
    let cosine = try Self.cosine(model)
    #expect(cosine > 0.995, "\(cosine); seeds 1, 2, 3")
  }

  /// Attention over 6 tokens of 16 values whose scores are masked.
  static func attention(_ mask: @escaping @Sendable (inout Model, String) -> Void) -> Case {
    Case("attention", [1, 6, 16]) { m in
      for name in ["q", "k", "v", "o"] { m.weight("w" + name, [16, 16], 0.5) }
      m.constant("scale", [], 0.25)
      for name in ["q", "k", "v"] { m.node("MatMul", ["x", "w" + name], name) }
      m.node("Transpose", ["k"], "t", ["perm": .ints([0, 2, 1])])
      m.node("MatMul", ["q", "t"], "s")
      m.node("Mul", ["s", "scale"], "scores")
      mask(&m, "masked")
      m.node("Softmax", ["masked"], "p", ["axis": .int(-1)])
      m.node("MatMul", ["p", "v"], "a")
      m.node("MatMul", ["a", "wo"], "y")
    }
  }

  private static func upper(_ low: Float) -> Tensor {
    Tensor([1, 6, 6], (0..<36).map { $0 % 6 > $0 / 6 ? low : 0 })
  }

  @Test(
    "A mask that is added to scores leaves them their precision",
    arguments: [-20, -100, -10_000, -1e9, -.greatestFiniteMagnitude, -.infinity] as [Float])
  func masks(_ low: Float) throws {
    let plain = Self.attention { m, output in
      m.graph.initializers["mask"] = Self.upper(low)
      m.node("Add", ["scores", "mask"], output)
    }
    #expect(try Self.cosine(plain) > 0.995)
    let more = Self.attention { m, output in
      m.graph.initializers["mask"] = Self.upper(low)
      m.weight("position", [1, 6, 6], 1)
      m.constant("least", [], -.greatestFiniteMagnitude)
      m.node("Add", ["scores", "mask"], "sum")
      m.node("Add", ["sum", "position"], "moved")
      m.node("Max", ["moved", "least"], output)
    }
    #expect(try Self.cosine(more) > 0.995)
  }

  @Test("A mask over classes is not taken into the layer before it")
  func classes() throws {
    let model = Case("classes", [1, 24]) { m in
      m.weight("w", [24, 6], 0.5)
      m.graph.initializers["mask"] = Tensor([6], [0, 0, -1e9, 0, 0, -.infinity] as [Float])
      m.node("MatMul", ["x", "w"], "h")
      m.node("Add", ["h", "mask"], "m")
      m.node("Softmax", ["m"], "y", ["axis": .int(-1)])
    }
    #expect(try Self.cosine(model) > 0.995)
  }

  @Test("Division by a constant, sigmoids and products of layers stay integer")
  func integer() throws {
    var m = Model([1, 8, 4, 4])
    m.weight("w", [8, 8, 1, 1], 0.5)
    m.constant("six", [], 6)
    m.node("Conv", ["x", "w"], "a")
    m.node("Sigmoid", ["a"], "s")
    m.node("Mul", ["a", "s"], "p")
    m.node("Tanh", ["p"], "t")
    m.node("Div", ["t", "six"], "d")
    m.node("Conv", ["d", "w"], "y")
    try Passes.run(on: &m.graph)
    let samples = Case("", [1, 8, 4, 4]) { _ in }.samples(8, seed: 4)
    let graph = try Quantizer.quantize(m.graph, samples: samples, options: .init()).graph
    #expect(!graph.nodes.contains { $0.staysFloat })
    let kinds = try lower(graph).steps.map { type(of: $0).kind }
    #expect(!kinds.contains { $0.hasPrefix("float") }, "\(kinds)")
  }
}
