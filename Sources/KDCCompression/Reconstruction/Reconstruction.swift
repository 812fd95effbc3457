import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// Refits the layers of a pruned network so that they compute what the original's did: least squares in closed form.
///
/// Layer by layer in order of the graph, X being the inputs the compressed network has so far, Y the original's
/// pre-activations at the channels that are left, Z a residual, W₀ the weights before:
///
///     minimise ‖X·Wᵀ + b + Z − Y‖² + λ‖W − W₀‖²,   (XᵀX + λI)·Wᵀ = Xᵀ(Y − Z) + λW₀ᵀ
///
/// solved by Cholesky decomposition. λ is the best of a few on rows held out, and a layer changes only where that is
/// better there than before. He, Zhang and Sun, "Channel Pruning for Accelerating Very Deep Neural Networks", 2017.
package struct Reconstruction: Sendable {
  package struct Options: Sendable {
    /// Rows (samples · positions) for each unknown of an output.
    package var rowsPerUnknown = 12
    package var rows = 4096...24576
    /// λ relative to the mean of the diagonal of XᵀX.
    package var ridges: [Double] = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
    /// Rounds in which negative pre-activations that a Relu cuts anyway are free to be any negative number.
    package var activationRounds = 2
    /// Layers with more inputs than this stay as they are: XᵀX would need gigabytes.
    package var largestDepth = 4096
    package var threads: Threads = 1
    package init() {}
  }

  /// What became of one layer.
  package struct Fit: Sendable, Hashable {
    /// The node's name.
    package var layer: String
    /// Mean squared error of its output on held-out rows relative to the output's mean square, before and after.
    package var errorBefore: Double
    package var errorAfter: Double
    /// The chosen λ, relative; nil where the layer stayed as it was.
    package var ridge: Double?
  }

  private let options: Options
  private let original: Graph
  private let samples: [[String: Tensor]]
  /// Pre-activations of the original by output name, [samples · positions chosen, channels].
  private let targets: [String: [Float]]
  private let channels: [String: Int]
  /// Places in the original, which say what positions are used.
  private let places: [String: Int]
  /// Positions of each sample used, by output name.
  private let counts: [String: Int]

  /// How many samples a reconstruction of this graph can use within `bytes`, at least 1.
  package static func sampleLimit(for graph: Graph, bytes: Int) -> Int {
    max(1, bytes / max(1, graph.peakActivationBytes))
  }

  /// Runs the original on the samples. `original` is canonical and typed; samples are at batch 1.
  package init(original: Graph, samples: [[String: Tensor]], options: Options = Options()) throws {
    self.options = options
    self.original = original
    self.samples = samples
    var targets: [String: [Float]] = [:]
    var channels: [String: Int] = [:]
    var counts: [String: Int] = [:]
    var places: [String: Int] = [:]
    // Few samples at a time: only the chosen rows are kept.
    let chunk = max(8, 4 * options.threads.count)
    for start in stride(from: 0, to: samples.count, by: chunk) {
      let range = start..<min(start + chunk, samples.count)
      var walk = try LayerWalk(original, threads: options.threads)
      try walk.run(Array(samples[range])) { layer in
        let name = layer.node.outputs[0]
        let unknowns = layer.linear.depth + 1
        let wanted = min(max(options.rowsPerUnknown * unknowns, options.rows.lowerBound), options.rows.upperBound)
        let count = min(layer.linear.positions, max(1, (wanted + samples.count - 1) / samples.count))
        counts[name] = count
        places[name] = layer.index
        channels[name] = layer.linear.groups * layer.linear.outputs
        let rows = try Self.preActivations(layer, graph: original, count: count, first: start, options.threads)
        targets[name, default: []] += rows
        return nil
      }
    }
    self.targets = targets
    self.channels = channels
    self.counts = counts
    self.places = places
  }

  private static func salt(_ layer: Int, _ sample: Int) -> UInt64 { UInt64(layer) &* 0x9E37_79B9 &+ UInt64(sample) }

  private static func preActivations(
    _ layer: LayerWalk.Layer, graph: Graph, count: Int, first: Int, _ threads: Threads
  ) throws -> [Float] {
    guard let weights = graph.initializers[layer.part.weights] else { throw InternalError("no weights") }
    let bias = layer.part.bias.flatMap { graph.initializers[$0] }
    let linear = layer.linear
    let outputs = linear.groups * linear.outputs
    let index = layer.index
    let (part, inputs, residuals) = (layer.part, layer.inputs, layer.residuals)
    let rows = try parallelMap(inputs.count, threads: threads) { sample -> [Float] in
      let all = try part.preActivation(
        input: inputs[sample], weights: weights, bias: bias, residual: residuals?[sample])
      guard let values = all.floats else { throw InternalError("no float output") }
      var rows: [Float] = []
      for position in linear.sample(count, salt: salt(index, first + sample)) {
        for channel in 0..<outputs { rows.append(values[linear.index(channel: channel, position: position)]) }
      }
      return rows
    }
    return Array(rows.joined())
  }

  /// Refits every layer of `pruned` whose inputs are not the original's.
  ///
  /// - Parameters:
  ///   - pruned: the original with channels removed, some of its layers perhaps factored; values have the original's names.
  ///   - kept: for the output of each node, the channels of the original that are left; all where there is no entry.
  package func refit(_ pruned: Graph, kept: [String: [Int]]) throws -> (graph: Graph, fits: [Fit]) {
    var walk = try LayerWalk(pruned, threads: options.threads)
    var fits: [Fit] = []
    // Values that equal the original's: nothing after them needs a refit.
    var exact = Set(pruned.inputs.map(\.name))
    var seen = 0
    func markExact(upTo index: Int) {
      while seen < index {
        let node = pruned.nodes[seen]
        if node.inputs.allSatisfy({ $0.isEmpty || exact.contains($0) || isUnchanged($0, in: pruned) }) {
          exact.formUnion(node.outputs.filter { kept[$0] == nil })
        }
        seen += 1
      }
    }
    try walk.run(samples) { layer in
      markExact(upTo: layer.index)
      let name = layer.node.outputs[0]
      guard !exact.contains(layer.part.input), let targets = targets[name], let all = channels[name],
        let count = counts[name], let place = places[name], layer.linear.depth <= options.largestDepth
      else { return nil }
      let problem = try LayerProblem(
        layer, graph: pruned, targets: targets, width: all, channels: kept[name] ?? Array(0..<all),
        positions: samples.indices.map { layer.linear.sample(count, salt: Self.salt(place, $0)) })
      let solution = try problem.solve(options)
      fits.append(
        Fit(
          layer: layer.node.name, errorBefore: solution.before, errorAfter: solution.after, ridge: solution.ridge))
      return solution.constants
    }
    return (walk.graph, fits)
  }

  /// Whether an initializer has the original's values.
  private func isUnchanged(_ name: String, in pruned: Graph) -> Bool {
    guard let own = pruned.initializers[name], let first = original.initializers[name], own.type == first.type else {
      return false
    }
    guard let a = own.floats, let b = first.floats else { return true }
    return a == b
  }
}
