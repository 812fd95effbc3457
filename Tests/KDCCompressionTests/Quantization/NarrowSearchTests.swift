import KDCCompression
import KDCGraph
import KDCTensor
import Testing

@Suite("Which layers get 7 bits")
struct NarrowSearchTests {
  /// Two branches added: the channels of `h` are of sizes 1 and 20, those of `k` of one size.
  private static func branches() -> QuantizedCase {
    var c = QuantizedCase(seed: 11)
    for name in ["w", "v"] { c.weight(name, [8, 8, 3, 3], scale: 0.2) }
    for name in ["p", "q"] { c.weight(name, [6, 8, 1, 1], scale: 0.3) }
    let sizes: [Float] = [1, 20, 1, 1, 1, 20, 1, 1]
    func scaled(_ name: String, _ factor: (Int) -> Float) {
      guard let tensor = c.graph.initializers[name], let values = tensor.floats else { return }
      c.graph.initializers[name] = Tensor(tensor.shape, values.enumerated().map { $1 * factor($0) })
    }
    scaled("w") { sizes[$0 / 72] }
    scaled("p") { 1 / sizes[$0 % 8] }
    for (weights, hidden, rectified, reader, output) in [("w", "h", "hr", "p", "a"), ("v", "k", "kr", "q", "b")] {
      c.node("Conv", ["x", weights], hidden, with: ["pads": .ints([1, 1, 1, 1])])
      c.node("Relu", [hidden], rectified)
      c.node("Conv", [rectified, reader], output)
    }
    c.node("Add", ["a", "b"], "y")
    c.graph.outputs = ["y"]
    return c
  }

  /// Every layer with 7-bit weights takes half its time.
  private static func seconds(_ graph: Graph) -> [String: Double] {
    Dictionary(
      graph.nodes.map { node in
        let isNarrow = node.input(1).flatMap { graph.quantization[$0] }?.bits == 7
        return (node.key, isNarrow ? 0.5 : 1)
      }, uniquingKeysWith: { first, _ in first })
  }

  private static func search(_ mode: NarrowSearch.Mode) throws -> (accepted: Set<String>, trials: Int) {
    var c = branches()
    let (graph, samples) = (try c.canonical(), c.samples(64))
    let exact = try Quantizer.quantize(graph, samples: samples, options: .init()).graph
    var trials = 0
    let found = try NarrowSearch(
      graph, samples: samples, options: .init(), exact: exact, mode: mode, cost: seconds,
      progress: { if $0.contains("7 bits") { trials += 1 } })
    return (Set(found.decisions.filter(\.accepted).map(\.value)), trials)
  }

  @Test("Asked for, all that get faster")
  func fast() throws {
    let (accepted, trials) = try Self.search(.fast)
    #expect(accepted == ["x", "h", "k"])
    #expect(trials == 0)
  }

  @Test("By itself, those that cost least in quality, and few sets are measured")
  func auto() throws {
    let (accepted, trials) = try Self.search(.auto)
    #expect(!accepted.contains("h"), "\(accepted)")
    #expect(accepted.contains("k"), "\(accepted)")
    #expect(trials <= 4)
  }
}
