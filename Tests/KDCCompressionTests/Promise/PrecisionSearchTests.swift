import KDCCompression
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite("Layers in float for a limit")
struct PrecisionSearchTests {
  /// Four convolutions in a row; one channel of the second is 400 times the others, and the third hardly reads it.
  private static func graph(uneven: Bool) -> QuantizedCase {
    var c = QuantizedCase(seed: 5)
    for (name, shape) in [("a", [8, 8, 3, 3]), ("b", [8, 8, 3, 3]), ("c", [8, 8, 3, 3]), ("d", [4, 8, 1, 1])]
      as [(String, Shape)]
    { c.weight(name, shape, scale: 0.15) }
    func scaled(_ name: String, _ factor: (Int) -> Float) {
      guard let tensor = c.graph.initializers[name], let values = tensor.floats else { return }
      c.graph.initializers[name] = Tensor(tensor.shape, values.enumerated().map { $1 * factor($0) })
    }
    if uneven {
      scaled("b") { $0 / 72 == 3 ? 400 : 1 }
      scaled("c") { $0 / 9 % 8 == 3 ? 1 / 4000 : 1 }
    }
    var last = "x"
    for name in ["a", "b", "c"] {
      c.node("Conv", [last, name], name + "c", with: ["pads": .ints([1, 1, 1, 1])])
      // No layer's channels can be scaled through it.
      c.node("Sigmoid", [name + "c"], name + "s")
      c.node("Mul", [name + "c", name + "s"], name + "r")
      last = name + "r"
    }
    c.node("Conv", [last, "d"], "y")
    c.graph.outputs = ["y"]
    return c
  }

  /// Every node takes as long; float takes three times as long.
  private static func cost(_ graph: Graph) -> [String: Double] {
    Dictionary(
      graph.nodes.map { node in
        (node.key, node.outputs.contains { graph.quantization[$0] != nil } && !node.staysFloat ? 1e-3 : 3e-3)
      }, uniquingKeysWith: +)
  }

  private static func run(_ uneven: Bool, limit: Double) throws -> (PrecisionSearch.Outcome?, Graph) {
    var c = graph(uneven: uneven)
    let graph = try c.canonical()
    let samples = c.samples(32)
    let result = try Quantizer.quantize(graph, samples: samples, options: .init())
    return (
      try PrecisionSearch.run(graph, samples: samples, result: result, options: .init(), limit: limit, cost: cost),
      graph
    )
  }

  @Test("A model within the limit is left alone")
  func even() throws {
    #expect(try Self.run(false, limit: 0.05).0 == nil)
  }

  @Test("What spoils the outputs computes in float, the rest stays int8")
  func uneven() throws {
    let (outcome, graph) = try Self.run(true, limit: 0.01)
    let found = try #require(outcome)
    #expect(found.before.worst > 0.01 && found.after.worst <= 0.01, "\(found.before) \(found.after)")
    let layers = graph.nodes.filter { $0.opType.hasPrefix("Fused") }.map(\.key)
    #expect(layers.contains { found.options.floatNodes[$0] == nil }, "\(found.options.floatNodes)")
    #expect(found.options.floatNodes.count < graph.nodes.count && !found.options.floatNodes.isEmpty)
    #expect(found.options.floatNodes.values.allSatisfy { $0.contains("int8 of it alone") || $0.contains("between") })
    #expect(found.result.graph.nodes.count == graph.nodes.count)
  }

  @Test("A smaller limit takes more layers, and the same one the same layers")
  func monotone() throws {
    let (loose, tight) = (try Self.run(true, limit: 0.01).0, try Self.run(true, limit: 0.0001).0)
    let again = try Self.run(true, limit: 0.01).0
    #expect(loose?.options.floatNodes == again?.options.floatNodes)
    #expect(tight?.options.floatNodes.count ?? 0 > loose?.options.floatNodes.count ?? 0)
    #expect(tight?.after.worst ?? 1 <= 0.0001)
  }
}
