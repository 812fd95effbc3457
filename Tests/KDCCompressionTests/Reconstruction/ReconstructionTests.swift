import KDCCompression
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct ReconstructionTests {
  private func samples(_ graph: Graph, _ count: Int, seed: UInt64) -> [[String: Tensor]] {
    (0..<count).map { PruningGraphs.inputs(graph, seed: seed &+ UInt64($0)) }
  }

  /// Mean squared difference of the first output over samples.
  private func distance(_ a: Graph, _ b: Graph, _ samples: [[String: Tensor]]) throws -> Float {
    var sum: Float = 0
    for sample in samples {
      let x = try #require(try GraphEvaluator(a).run(inputs: sample)[a.outputs[0]]?.floats)
      let y = try #require(try GraphEvaluator(b).run(inputs: sample)[b.outputs[0]]?.floats)
      for (p, q) in zip(x, y) { sum += (p - q) * (p - q) }
    }
    return sum / Float(samples.count)
  }

  /// A convolution whose last three channels are sums of the first three; a convolution or matrix reads it.
  private func redundant(flattened: Bool) -> Graph {
    var maker = PruningGraphs(seed: 3, input: [1, 2, 6, 6])
    let weights = maker.constant([3, 2, 3, 3])
    let bias = maker.constant([3])
    let values = maker.graph.initializers[weights]?.floats ?? []
    let offsets = maker.graph.initializers[bias]?.floats ?? []
    let size = 18
    // Channels 3...5 are 2·channel 0, channel 0 + channel 1, and channel 2 − channel 1.
    let mix: [[Float]] = [[2, 0, 0], [1, 1, 0], [0, -1, 1]]
    var rows = values
    var biases = offsets
    for row in mix {
      for i in 0..<size { rows.append((0..<3).reduce(0) { $0 + row[$1] * values[$1 * size + i] }) }
      biases.append((0..<3).reduce(0) { $0 + row[$1] * offsets[$1] })
    }
    maker.graph.initializers[weights] = Tensor([6, 2, 3, 3], rows)
    maker.graph.initializers[bias] = Tensor([6], biases)
    let y = maker.node("FusedConv", ["x", weights, bias], ["pads": .ints([1, 1, 1, 1])])[0]
    if flattened {
      maker.graph.outputs = [maker.gemm(maker.node("Flatten", [y])[0], 4)]
    } else {
      PruningGraphs.heads[1].build(&maker, maker.conv(y, 5))
    }
    return maker.graph
  }

  @Test("Channels that are sums of others are replaced without loss", arguments: [false, true])
  func lossless(flattened: Bool) throws {
    let graph = redundant(flattened: flattened)
    let groups = try DependencyGroups(graph)
    let units: [Int: Set<Int>] = [0: [3, 4, 5]]
    let pruned = try groups.removing(units)
    let reconstruction = try Reconstruction(original: graph, samples: samples(graph, 400, seed: 1))
    let (refit, fits) = try reconstruction.refit(pruned, kept: groups.keptChannels(without: units))
    let fresh = samples(graph, 20, seed: 9000)
    let (before, after) = (try distance(graph, pruned, fresh), try distance(graph, refit, fresh))
    #expect(after < 1e-4 * before)
    #expect(fits.allSatisfy { $0.errorAfter <= $0.errorBefore })
    #expect(refit.verify().isEmpty)
  }

  @Test("A refit lowers the distance for every kind of layer", arguments: PruningGraphs.blocks.indices)
  func everyBlock(index: Int) throws {
    let block = PruningGraphs.blocks[index]
    var maker = PruningGraphs(seed: UInt64(index) + 40)
    let first = maker.conv("x", 8)
    PruningGraphs.heads[1].build(&maker, block.build(&maker, first))
    let graph = maker.graph
    let groups = try DependencyGroups(graph)
    let units = Dictionary(uniqueKeysWithValues: groups.prunable.map { ($0, Set([0])) })
    let pruned = try groups.removing(units)
    let reconstruction = try Reconstruction(original: graph, samples: samples(graph, 96, seed: 1))
    let (refit, _) = try reconstruction.refit(pruned, kept: groups.keptChannels(without: units))
    let fresh = samples(graph, 24, seed: 9000)
    let (before, after) = (try distance(graph, pruned, fresh), try distance(graph, refit, fresh))
    // A mean over a Softmax of pixels does not depend on anything before it.
    #expect(after < before || before == 0, "\(block.name): \(before) → \(after)")
  }

  @Test("Nothing changes where nothing was pruned")
  func untouched() throws {
    let graph = redundant(flattened: false)
    let reconstruction = try Reconstruction(original: graph, samples: samples(graph, 32, seed: 1))
    let (refit, fits) = try reconstruction.refit(graph, kept: [:])
    #expect(fits.isEmpty)
    #expect(refit.initializers.allSatisfy { graph.initializers[$0.key]?.floats == $0.value.floats })
  }

  @Test("The result is the same with one and with three threads")
  func threads() throws {
    let graph = redundant(flattened: false)
    let groups = try DependencyGroups(graph)
    let pruned = try groups.removing([0: [1, 4]])
    var results: [[String: [Float]]] = []
    for threads in [1, 3] {
      var options = Reconstruction.Options()
      options.threads = Threads(threads)
      let reconstruction = try Reconstruction(original: graph, samples: samples(graph, 50, seed: 2), options: options)
      let refit = try reconstruction.refit(pruned, kept: groups.keptChannels(without: [0: [1, 4]])).graph
      results.append(refit.initializers.compactMapValues(\.floats))
    }
    #expect(results[0] == results[1])
  }
}
