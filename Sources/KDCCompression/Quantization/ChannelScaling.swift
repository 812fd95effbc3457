import KDCGraph
import KDCOps
import KDCTensor

/// The weights of a layer by the channels they read.
struct WeightColumns {
  let node: Node
  let weights: Tensor
  private let values: [Float]
  private let rows: Int
  private let depth: Int
  private let taps: Int
  private let groups: Int
  /// The rows are input channels.
  private let isTransposed: Bool

  /// nil for nodes without constant float weights.
  init?(_ node: Node, in graph: Graph) {
    guard let layer = Operators.type(of: node) as? any WeightedLayer.Type, let name = node.input(1),
      let weights = graph.initializers[name], let values = weights.floats, weights.shape.rank >= 2
    else { return nil }
    isTransposed = layer.weightAxis == 1
    self.node = node
    self.weights = weights
    self.values = values
    rows = weights.shape[0]
    depth = weights.shape[1]
    taps = weights.shape.dims[2...].reduce(1, *)
    if case .int(let group)? = node.attributes["group"] { groups = max(1, Int(group)) } else { groups = 1 }
  }

  /// The input channel that the weights [row, column] multiply.
  private func channel(_ row: Int, _ column: Int) -> Int {
    isTransposed ? row : row / max(rows / groups, 1) * depth + column
  }

  /// The output channel that they add to.
  private func output(_ row: Int, _ column: Int) -> Int {
    isTransposed ? row / max(rows / groups, 1) * depth + column : row
  }

  /// The largest weight of each pair of output and input channel.
  private func peaks(_ body: (_ output: Int, _ channel: Int, _ peak: Float) -> Void) {
    for row in 0..<rows {
      for column in 0..<depth {
        let start = (row * depth + column) * taps
        let peak = values[start..<start + taps].reduce(Float(0)) { max($0, abs($1)) }
        body(output(row, column), channel(row, column), peak)
      }
    }
  }

  /// Raises `shares` to each channel's largest product, weight times extent, over the largest of the same output channel.
  func addShares(to shares: inout [Float], extents: [Float], channels: [Int?]) {
    var largest = [Float](repeating: 0, count: isTransposed ? depth * groups : rows)
    func product(_ channel: Int, _ peak: Float) -> (source: Int, value: Float)? {
      guard channels.indices.contains(channel), let source = channels[channel] else { return nil }
      return (source, peak * extents[source])
    }
    peaks { output, channel, peak in
      if let product = product(channel, peak) { largest[output] = max(largest[output], product.value) }
    }
    peaks { output, channel, peak in
      guard let product = product(channel, peak), largest[output] > 0 else { return }
      shares[product.source] = max(shares[product.source], product.value / largest[output])
    }
  }

  /// The weights with each input channel times its factor.
  func scaled(_ factor: (_ channel: Int) -> Float) -> Tensor {
    mapped { row, column in factor(channel(row, column)) }
  }

  /// The weights with each output channel divided by its factor.
  func divided(_ factor: (_ output: Int) -> Float) -> Tensor {
    mapped { row, column in 1 / factor(output(row, column)) }
  }

  private func mapped(_ factor: (_ row: Int, _ column: Int) -> Float) -> Tensor {
    var scaled = values
    for row in 0..<rows {
      for column in 0..<depth {
        let own = factor(row, column)
        let start = (row * depth + column) * taps
        for index in start..<start + taps { scaled[index] *= own }
      }
    }
    return Tensor(weights.shape, scaled)
  }
}

extension Graph {
  /// Divides the channels of each path's source by its factors and multiplies at the path's ends. Types are not inferred.
  mutating func scale(_ paths: [(path: ChannelPath, factors: [Float])]) {
    for (path, factors) in paths { scaleWeights(path, by: factors) }
    // All nodes keep their places until every path is done.
    var products: [(producer: Int, node: Node)] = []
    for (path, factors) in paths {
      for exit in path.exits {
        guard let product = multiply(exit, by: exit.channels.map { $0.map { factors[$0] } ?? 1 }) else { continue }
        products.append(product)
      }
    }
    for product in products.sorted(by: { $0.producer > $1.producer }) {
      nodes.insert(product.node, at: product.producer + 1)
    }
  }

  private mutating func scaleWeights(_ path: ChannelPath, by factors: [Float]) {
    let source = nodes[path.source]
    guard let columns = WeightColumns(source, in: self) else { return }
    setInput(1, of: path.source, to: columns.divided { factors[$0] })
    if let bias = source.input(2).flatMap({ initializers[$0]?.floats }) {
      setInput(2, of: path.source, to: Tensor([bias.count], zip(bias, factors).map { $0 / $1 }))
    }
    for reader in path.readers {
      guard let columns = WeightColumns(nodes[reader.node], in: self) else { continue }
      setInput(
        1, of: reader.node,
        to: columns.scaled { channel in
          guard reader.channels.indices.contains(channel), let source = reader.channels[channel] else { return 1 }
          return factors[source]
        })
    }
  }

  private mutating func setInput(_ input: Int, of node: Int, to tensor: Tensor) {
    nodes[node].inputs[input] = addInitializer(nodes[node].inputs[input], tensor)
  }

  /// A Mul to follow the value's producer; it takes over the value's name, which graph outputs keep.
  private mutating func multiply(_ exit: ChannelPath.Exit, by factors: [Float]) -> (producer: Int, node: Node)? {
    guard let producer = nodes.firstIndex(where: { $0.outputs.contains(exit.value) }), let type = types[exit.value]
    else {
      return nil
    }
    let even = freshName(exit.value + ".even")
    var dims = [Int](repeating: 1, count: type.shape.rank)
    dims[exit.axis] = factors.count
    let constant = addInitializer(exit.value + ".channels", Tensor(Shape(dims), factors))
    nodes[producer].outputs = nodes[producer].outputs.map { $0 == exit.value ? even : $0 }
    for index in nodes.indices where !exit.nodes.contains(index) {
      nodes[index].replaceReads(of: exit.value, with: even)
    }
    types[even] = type
    let node = Node(
      name: freshNodeName(exit.value + ".channels"), opType: "Mul", opset: opset, inputs: [even, constant],
      outputs: [exit.value])
    return (producer, node)
  }
}
