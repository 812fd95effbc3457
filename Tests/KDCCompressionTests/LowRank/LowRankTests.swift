import KDCCompression
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct LowRankTests {
  private func samples(_ graph: Graph, _ count: Int) -> [[String: Tensor]] {
    (0..<count).map { PruningGraphs.inputs(graph, seed: UInt64($0) + 1) }
  }

  /// Makes the second layer's weights, [outputs, …], a product of rank 3.
  private func withRankThree(_ graph: Graph, node: Int) throws -> Graph {
    var graph = graph
    var generator = SeededGenerator(seed: 9)
    let name = graph.nodes[node].inputs[1]
    let tensor = try #require(graph.initializers[name])
    let (outputs, depth) = (tensor.shape[0], tensor.count / tensor.shape[0])
    let left = (0..<outputs * 3).map { _ in Float.random(in: -1...1, using: &generator) }
    let right = (0..<3 * depth).map { _ in Float.random(in: -0.3...0.3, using: &generator) }
    let values = (0..<outputs * depth).map { index in
      (0..<3).reduce(Float(0)) { $0 + left[index / depth * 3 + $1] * right[$1 * depth + index % depth] }
    }
    graph.initializers[name] = Tensor(tensor.shape, values)
    return graph
  }

  private func largestDifference(_ a: Graph, _ b: Graph) throws -> Float {
    var worst: Float = 0
    for sample in samples(a, 5) {
      let x = try #require(try GraphEvaluator(a).run(inputs: sample)[a.outputs[0]]?.floats)
      let y = try #require(try GraphEvaluator(b).run(inputs: sample)[b.outputs[0]]?.floats)
      for (p, q) in zip(x, y) { worst = max(worst, abs(p - q)) }
    }
    return worst
  }

  /// The graph with one layer factored to rank 3.
  private func factored(_ graph: Graph, node: Int, count: Int) throws -> (graph: Graph, lost: Double) {
    let lowRank = try LowRank(graph, samples: samples(graph, count))
    let position = try #require(lowRank.layers.firstIndex { $0.name == graph.nodes[node].name })
    return (try lowRank.factored([position: 3]), lowRank.layers[position].lost(rank: 3))
  }

  @Test("A convolution of rank 3 becomes two that compute the same, residual and activation included")
  func convolution() throws {
    var maker = PruningGraphs(seed: 2)
    let first = maker.conv("x", 12)
    PruningGraphs.heads[1].build(&maker, maker.conv(first, 12, residual: first))
    let graph = try withRankThree(maker.graph, node: 1)
    let (result, lost) = try factored(graph, node: 1, count: 60)
    #expect(lost < 1e-6)
    #expect(result.nodes.count == graph.nodes.count + 1)
    #expect(result.macs < graph.macs)
    #expect(try largestDifference(graph, result) < 1e-3)
  }

  @Test("A matrix of rank 3 becomes two")
  func matrix() throws {
    var maker = PruningGraphs(seed: 2)
    let flat = maker.node("Flatten", [maker.conv("x", 4)])[0]
    let hidden = maker.gemm(flat, 20, activation: "Relu")
    maker.graph.outputs = [maker.gemm(hidden, 6)]
    let graph = try withRankThree(maker.graph, node: 2)
    let (result, lost) = try factored(graph, node: 2, count: 200)
    #expect(lost < 1e-6)
    #expect(try largestDifference(graph, result) < 1e-3)
  }

  @Test("What a rank leaves out falls from all to nothing")
  func lost() throws {
    var maker = PruningGraphs(seed: 2)
    PruningGraphs.heads[1].build(&maker, maker.conv("x", 6))
    let layer = try #require(try LowRank(maker.graph, samples: samples(maker.graph, 40)).layers.first)
    let lost = (0...6).map(layer.lost)
    #expect(lost == lost.sorted(by: >))
    #expect(lost[0] == 1)
    #expect(lost[6] < 1e-9)
  }
}
