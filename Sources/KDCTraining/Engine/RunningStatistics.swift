import KDCGraph
import KDCOps
import KDCTensor

/// The stored means and variances of a graph's BatchNormalization layers, which training keeps up to date.
///
/// A batch is normalised chunk by chunk, each by its own statistics ("ghost batch normalisation": Hoffer, Hubara and
/// Soudry, "Train longer, generalize better", 2017). What is stored are those of the whole batch: the mean of the chunks'
/// means, and the mean of their variances plus the variance of their means, freed of its bias.
package struct RunningStatistics: Sendable {
  /// Means and variances by the names of their initializers, sorted.
  package var stored: Parameters
  private let layers: [Layer]

  private struct Layer: Sendable {
    var mean: Int
    var variance: Int
    var momentum: Double
  }

  /// What the chunks of one batch say of each layer: sums over chunks of mean, mean² and variance.
  struct Sums: Sendable {
    fileprivate var means: [[Double]] = []
    fileprivate var squares: [[Double]] = []
    fileprivate var variances: [[Double]] = []
    fileprivate var elements: [Int] = []
    fileprivate var chunks = 0

    mutating func add(_ other: Sums) {
      guard chunks > 0 else {
        self = other
        return
      }
      for layer in means.indices {
        for channel in means[layer].indices {
          means[layer][channel] += other.means[layer][channel]
          squares[layer][channel] += other.squares[layer][channel]
          variances[layer][channel] += other.variances[layer][channel]
        }
        elements[layer] += other.elements[layer]
      }
      chunks += other.chunks
    }
  }

  /// Empty where the graph has no BatchNormalization with stored statistics.
  package init(of graph: Graph) throws {
    let nodes = graph.nodes.filter { Operators.type(of: $0) == BatchNormalization.self }
    let names = nodes.flatMap { $0.inputs.dropFirst(3) }
    let stored = Parameters(names, of: graph)
    let places = Dictionary(uniqueKeysWithValues: stored.names.enumerated().map { ($1, $0) })
    layers = try nodes.compactMap { node in
      guard let mean = node.input(3).flatMap({ places[$0] }), let variance = node.input(4).flatMap({ places[$0] })
      else { return nil }
      return Layer(
        mean: mean, variance: variance, momentum: Double(try BatchNormalization(decoding: node).momentum))
    }
    self.stored = stored
  }

  package var isEmpty: Bool { layers.isEmpty }

  /// One step: stored ← momentum · stored + (1 − momentum) · batch.
  mutating func update(_ sums: Sums) {
    guard sums.chunks > 0, sums.means.count == layers.count else { return }
    let chunks = Double(sums.chunks)
    for (index, layer) in layers.enumerated() {
      let count = Double(sums.elements[index])
      for channel in sums.means[index].indices {
        let mean = sums.means[index][channel] / chunks
        let between = max(0, sums.squares[index][channel] / chunks - mean * mean)
        let biased = sums.variances[index][channel] / chunks + between
        let variance = count > 1 ? biased * count / (count - 1) : biased
        move(&stored.values[layer.mean][channel], to: mean, keeping: layer.momentum)
        move(&stored.values[layer.variance][channel], to: variance, keeping: layer.momentum)
      }
    }
  }

  private func move(_ value: inout Float, to target: Double, keeping share: Double) {
    value = Float(share * Double(value) + (1 - share) * target)
  }
}

extension TrainingGraph {
  /// What a forward run in the training form says of the normalised values, layer by layer.
  func statistics(_ tape: Tape) -> RunningStatistics.Sums {
    var sums = RunningStatistics.Sums()
    sums.chunks = 1
    for (step, results) in zip(steps, tape.results) where step.op is BatchStatistics && results.count == 3 {
      let (means, variances) = (results[1].asFloats.map(Double.init), results[2].asFloats.map(Double.init))
      sums.means.append(means)
      sums.squares.append(means.map { $0 * $0 })
      sums.variances.append(variances)
      sums.elements.append(results[0].count / max(means.count, 1))
    }
    return sums
  }
}
