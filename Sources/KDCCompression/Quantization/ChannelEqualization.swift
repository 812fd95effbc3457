import Glibc
import KDCGraph
import KDCOps
import KDCTensor

/// Brings the output channels of a layer to one size, so that one int8 scale fits all of them: the layer's weights and
/// biases are divided by a factor a channel, and what reads the channels is multiplied by it.
///
/// Where a path ends in outputs, which are float, a Mul in float takes the factors: that is a scale for each channel. Where
/// layers read it, their weights do; how much of the spread they take is a matter of balance (`factors`).
package struct ChannelEqualization {
  /// Channels this much smaller than the largest of an output get a scale of their own.
  static let outputSpread: Float = 8
  /// What a path between layers must gain to be tried, in bits of resolution of the mean channel.
  static let leastGain: Float = 1
  /// What is left of the held-out distance where scaling between layers is worth it.
  static let leftDistance = 0.7
  /// Samples that channel sizes are measured on.
  private static let sampleLimit = 32

  /// The graph with factors for outputs, and the layers that changed, by `Node.key`; nil where none did.
  package static func outputs(
    of graph: Graph, samples: [[String: Tensor]], threads: Threads
  ) throws -> (graph: Graph, layers: [String])? {
    try scaled(graph, samples, threads, where: { !$0.exits.isEmpty }) { path, extents in
      guard let largest = extents.max(), let least = extents.filter({ $0 > 0 }).min(), largest.isFinite,
        largest >= outputSpread * least
      else { return nil }
      return extents.map { $0 > 0 ? $0 / largest : 1 }
    }
  }

  /// The graph with factors between layers where they lower the distance on held-out samples, and what to say of them.
  package static func betweenLayers(
    of graph: Graph, samples: [[String: Tensor]], options: Quantizer.Options, progress: (String) -> Void = { _ in }
  ) throws -> (graph: Graph, layers: [String], reason: String)? {
    let found = try scaled(graph, samples, options.threads, where: { $0.exits.isEmpty && !$0.readers.isEmpty }) {
      factors($0, $1, graph)
    }
    guard let found else { return nil }
    var (old, new) = (HeldOutSamples(graph, samples), HeldOutSamples(found.graph, samples))
    let (before, after) = (try old.distance(options), try new.distance(options))
    progress("channels of \(found.layers.count) layers equalised: held-out distance \(after) instead of \(before)")
    guard before > 0, after <= before * leftDistance else { return nil }
    return (
      found.graph, found.layers, "the held-out distance falls from \(before.shortened) to \(after.shortened)"
    )
  }

  /// Factors that leave neither the activation nor the weights that read it with channels much smaller than others.
  ///
  /// A depthwise layer has a scale for each channel's weights: the activation may be even. Elsewhere a channel that matters
  /// less than the largest of each row's products shares the difference between activation and weights, as the square
  /// root of both. nil where the activation's mean channel gains less than `leastGain` bits.
  private static func factors(_ path: ChannelPath, _ extents: [Float], _ graph: Graph) -> [Float]? {
    guard extents.allSatisfy(\.isFinite) else { return nil }
    // The largest share of a channel in any row of any reader, at most 1.
    var shares = [Float](repeating: 0, count: extents.count)
    for reader in path.readers {
      guard let columns = WeightColumns(graph.nodes[reader.node], in: graph) else { return nil }
      columns.addShares(to: &shares, extents: extents, channels: reader.channels)
    }
    let factors = zip(extents, shares).map { extent, share in extent > 0 && share > 0 ? extent / share.squareRoot() : 0
    }
    guard let most = factors.max(), most > 0 else { return nil }
    let filled = factors.map { $0 > most * 0x1p-20 ? $0 / most : 1 }
    let gain = lostBits(extents) - lostBits(zip(extents, filled).map { $0 / $1 })
    return gain >= leastGain ? filled : nil
  }

  /// Mean of log₂(largest / own) over the channels that are not 0.
  static func lostBits(_ extents: [Float]) -> Float {
    let live = extents.filter { $0 > 0 }
    guard let largest = live.max() else { return 0 }
    return live.reduce(0) { $0 + log2(largest / $1) } / Float(live.count)
  }

  /// Scales the channels of the paths that are `eligible` and for which `choose`, given the extents of the source's
  /// channels, gives factors > 0.
  private static func scaled(
    _ graph: Graph, _ samples: [[String: Tensor]], _ threads: Threads, where eligible: (ChannelPath) -> Bool,
    _ choose: (ChannelPath, [Float]) -> [Float]?
  ) throws -> (graph: Graph, layers: [String])? {
    let plan = try QuantizationPlan(graph)
    let uses = graph.uses()
    let paths = graph.nodes.indices.compactMap { ChannelPath(from: $0, in: graph, plan: plan, uses: uses) }
      .filter(eligible)
    guard !paths.isEmpty else { return nil }
    let extents = try extents(of: paths, graph, Array(samples.prefix(sampleLimit)), threads)
    let chosen = zip(paths, extents).compactMap { path, extents in choose(path, extents).map { (path, $0) } }
    guard !chosen.isEmpty else { return nil }
    var result = graph
    result.scale(chosen)
    _ = result.removeUnusedInitializers()
    try result.inferTypes()
    return (result, chosen.map { path, _ in graph.nodes[path.source].key })
  }

  /// Width of the range, 0 included, of each channel of each path's source: as far as the samples can tell. Where one half of
  /// them shows much less of a channel than the other, samples not seen will show more than both.
  private static func extents(
    of paths: [ChannelPath], _ graph: Graph, _ samples: [[String: Tensor]], _ threads: Threads
  ) throws -> [[Float]] {
    let evaluator = try GraphEvaluator(graph)
    let wanted = Dictionary(uniqueKeysWithValues: paths.enumerated().map { ($0.element.output, $0.offset) })
    let seen = try parallelMap(samples.count, threads: threads) { sample in
      var ranges = paths.map { [ClosedRange<Float>](repeating: 0...0, count: $0.channelCount) }
      _ = try evaluator.run(inputs: samples[sample]) { name, tensor in
        guard let index = wanted[name] else { return }
        ranges[index] = tensor.ranges(axis: paths[index].axis)
      }
      return ranges
    }
    func width(_ path: Int, _ channel: Int, _ samples: some Sequence<Int>) -> Float {
      let ranges = samples.map { seen[$0][path][channel] }
      return (ranges.map(\.upperBound).max() ?? 0) - (ranges.map(\.lowerBound).min() ?? 0)
    }
    return paths.indices.map { path in
      let channels = 0..<paths[path].channelCount
      let whole = channels.map { width(path, $0, seen.indices) }
      let largest = whole.max() ?? 0
      return channels.map { channel in
        let halves = (0..<2).map { width(path, channel, stride(from: $0, to: seen.count, by: 2)) }
        // Between layers the range is that of all channels, which is chosen anew.
        guard !paths[path].exits.isEmpty, whole[channel] > 0, seen.count > 1, let least = halves.min() else {
          return whole[channel]
        }
        return min(largest, least > 0 ? whole[channel] * (whole[channel] / least) : largest)
      }
    }
  }
}

extension Tensor {
  /// The range of each position along an axis, 0 included. NaN is passed over.
  fileprivate func ranges(axis: Int) -> [ClosedRange<Float>] {
    let count = shape[axis]
    var (lows, highs) = ([Float](repeating: 0, count: count), [Float](repeating: 0, count: count))
    let inner = shape.dims[(axis + 1)...].reduce(1, *)
    for (index, value) in (floats ?? []).enumerated() {
      let position = index / inner % count
      if value < lows[position] { lows[position] = value }
      if value > highs[position] { highs[position] = value }
    }
    return zip(lows, highs).map { $0...$1 }
  }
}
