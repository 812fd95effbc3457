import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// Replaces a layer by two thinner ones where its outputs lie near a space of few dimensions.
///
/// With U the first r principal components of the layer's outputs y = W·x + b on samples, and ȳ their mean,
///
///     y ≈ U·Uᵀ(y − ȳ) + ȳ = U·(UᵀW·x + Uᵀ(b − ȳ)) + ȳ,
///
/// which is the best approximation of rank r in the metric of the data: that of W·C^½, C the inputs' covariance. A
/// convolution becomes one of its own kernel to r channels and a 1×1 convolution. Zhang et al., "Accelerating Very Deep
/// Convolutional Networks for Classification and Detection", 2015.
package struct LowRank: Sendable {
  package struct Options: Sendable {
    /// Rows (samples · positions) for each output channel.
    package var rowsPerChannel = 64
    package var threads: Threads = 1
    package init() {}
  }

  /// A layer that can become two, at some index of the graph's nodes.
  package struct Layer: Sendable {
    package var index: Int
    package var name: String
    package var outputs: Int
    /// Mean of the outputs before activation.
    let mean: [Double]
    /// Variances along the principal components, ascending, and the components [outputs, outputs].
    let variances: [Double]
    let components: [Double]

    /// Share of the outputs' variance that a rank leaves out.
    package func lost(rank: Int) -> Double {
      let total = variances.reduce(0) { $0 + max($1, 0) }
      let kept = variances.suffix(rank).reduce(0) { $0 + max($1, 0) }
      return total > 0 ? max(0, 1 - kept / total) : 0
    }
  }

  package let graph: Graph
  /// In order of the graph: every FusedConv of one group and every FusedGemm.
  package let layers: [Layer]

  /// Measures the outputs of every layer. `graph` is canonical and typed, samples are at batch 1.
  package init(_ graph: Graph, samples: [[String: Tensor]], options: Options = Options()) throws {
    self.graph = graph
    var statistics: [Int: Statistics] = [:]
    let chunk = max(8, 4 * options.threads.count)
    for start in stride(from: 0, to: samples.count, by: chunk) {
      let range = start..<min(start + chunk, samples.count)
      var walk = try LayerWalk(graph, threads: options.threads)
      try walk.run(Array(samples[range])) { layer in
        guard layer.linear.groups == 1 else { return nil }
        let wanted = options.rowsPerChannel * layer.linear.outputs
        let count = min(layer.linear.positions, max(1, (wanted + samples.count - 1) / samples.count))
        var own = statistics[layer.index] ?? Statistics(width: layer.linear.outputs)
        try own.add(layer, graph: graph, count: count, first: start)
        statistics[layer.index] = own
        return nil
      }
    }
    layers = graph.nodes.indices.compactMap { index in
      guard let statistics = statistics[index], statistics.count > statistics.width,
        let (values, vectors) = LAPACK.eigen(symmetric: statistics.covariance, n: statistics.width)
      else { return nil }
      return Layer(
        index: index, name: graph.nodes[index].name, outputs: statistics.width, mean: statistics.mean,
        variances: values, components: vectors)
    }
  }

  /// The graph with some layers as products of two thinner ones, by their positions in `layers`, of these ranks.
  package func factored(_ ranks: [Int: Int]) throws -> Graph {
    var result = graph
    // From the last node to the first: indices before a replaced node stay.
    for (position, rank) in ranks.sorted(by: { $0.key > $1.key }) {
      try Self.replace(layers[position], rank: min(max(rank, 1), layers[position].outputs), in: &result)
    }
    try result.inferTypes()
    let faults = result.verify()
    guard faults.isEmpty else { throw InternalError("factoring broke the graph: \(DiagnosticList(faults))") }
    return result
  }

  /// Sums over rows of outputs.
  private struct Statistics {
    let width: Int
    var count = 0
    var sums: [Double]
    var products: [Double]

    init(width: Int) {
      self.width = width
      sums = [Double](repeating: 0, count: width)
      products = [Double](repeating: 0, count: width * width)
    }

    var mean: [Double] { sums.map { $0 / Double(max(count, 1)) } }

    mutating func add(_ layer: LayerWalk.Layer, graph: Graph, count: Int, first: Int) throws {
      guard let weights = graph.initializers[layer.part.weights] else { throw InternalError("no weights") }
      let bias = layer.part.bias.flatMap { graph.initializers[$0] }
      for (offset, input) in layer.inputs.enumerated() {
        let all = try layer.part.preActivation(input: input, weights: weights, bias: bias, residual: nil)
        guard let values = all.floats else { throw InternalError("no float output") }
        var rows: [Double] = []
        let positions = layer.linear.sample(count, salt: UInt64(first + offset) &* 0x9E37_79B9 &+ UInt64(layer.index))
        for position in positions {
          for channel in 0..<width {
            rows.append(Double(values[layer.linear.index(channel: channel, position: position)]))
          }
        }
        let gram = BLAS.gemm(transposeA: true, m: width, n: width, k: positions.count, a: rows, b: rows)
        for index in products.indices { products[index] += gram[index] }
        for (index, value) in rows.enumerated() { sums[index % width] += value }
        self.count += positions.count
      }
    }

    var covariance: [Double] {
      let mean = mean
      return products.indices.map { products[$0] / Double(max(count, 1)) - mean[$0 / width] * mean[$0 % width] }
    }
  }

  private static func replace(_ layer: Layer, rank: Int, in graph: inout Graph) throws {
    let index = layer.index
    let basis = Array(layer.components.suffix(rank * layer.outputs))
    let node = graph.nodes[index]
    guard let name = node.input(1), let weights = graph.initializers[name], let values = weights.floats else {
      throw InternalError("no weights")
    }
    let width = weights.shape[0]
    let depth = weights.count / width
    let bias = node.input(2).flatMap { graph.initializers[$0]?.floats } ?? [Float](repeating: 0, count: width)
    let thin = BLAS.gemm(m: rank, n: depth, k: width, a: basis, b: values.map(Double.init))
    let centred = zip(bias, layer.mean).map { Double($0) - $1 }
    let thinBias = BLAS.gemm(m: rank, n: 1, k: width, a: basis, b: centred)
    let wide = (0..<width * rank).map { Float(basis[$0 % rank * width + $0 / rank]) }

    var first = node
    first.name = graph.freshNodeName(node.name + ".low")
    first.outputs = [graph.freshName(node.outputs[0] + ".low")]
    first.inputs = [
      node.inputs[0],
      graph.addInitializer(name + ".low", Tensor(Shape([rank] + weights.shape.dims.dropFirst()), thin.map(Float.init))),
      graph.addInitializer(name + ".low.bias", Tensor([rank], thinBias.map(Float.init))),
    ]
    first.attributes["activation"] = nil
    first.attributes["activation_params"] = nil
    var second = node
    let ones = [Int](repeating: 1, count: weights.shape.rank - 2)
    second.inputs[0] = first.outputs[0]
    second.inputs[1] = graph.addInitializer(name + ".high", Tensor(Shape([width, rank] + ones), wide))
    let mean = graph.addInitializer(name + ".high.bias", Tensor([width], layer.mean.map(Float.init)))
    if second.inputs.count > 2 { second.inputs[2] = mean } else { second.inputs.append(mean) }
    if !ones.isEmpty {
      second.attributes["kernel_shape"] = .ints(ones.map(Int64.init))
      for name in ["pads", "strides", "dilations", "auto_pad"] { second.attributes[name] = nil }
    }
    graph.nodes.replaceSubrange(index...index, with: [first, second])
    _ = graph.removeUnusedInitializers()
  }
}
