import Glibc

/// Which nodes compute in float so that an int8 model is fastest for the noise that it may have.
///
/// A node has a time in int8 and one in float, and the noise of its weights. A value has the noise of its own rounding, unless
/// the node that computes it and all that read it, directly or moved, are in float; and a conversion where they
/// differ. For a given price of noise the cheapest division is a minimum cut, so islands of float come out with both their
/// edges paid.
package struct FloatCut {
  package struct Node {
    /// Microseconds.
    package var integerTime: Double
    package var floatTime: Double
    /// Loss of each output by the rounding of the node's weights; empty for none.
    package var harm: [Double]
    /// In float whatever it costs.
    package var isFloat: Bool

    package init(integerTime: Double, floatTime: Double, harm: [Double] = [], isFloat: Bool) {
      (self.integerTime, self.floatTime, self.harm, self.isFloat) = (integerTime, floatTime, harm, isFloat)
    }
  }
  package struct Value {
    /// nil for inputs of the graph.
    package var producer: Int?
    package var readers: [Int]
    /// Nodes that must all be in float for the value not to be rounded.
    package var members: [Int]
    package var harm: [Double]
    /// Microseconds to convert it once.
    package var conversion: Double

    package init(producer: Int?, readers: [Int], members: [Int], harm: [Double], conversion: Double) {
      (self.producer, self.readers, self.members) = (producer, readers, members)
      (self.harm, self.conversion) = (harm, conversion)
    }
  }
  package var nodes: [Node]
  package var values: [Value]

  package init(nodes: [Node], values: [Value]) { (self.nodes, self.values) = (nodes, values) }

  /// Loss of each output where `float` nodes are in float, as if losses added up.
  package func harm(of float: Set<Int>, outputs: Int) -> [Double] {
    var sum = [Double](repeating: 0, count: outputs)
    func add(_ harm: [Double]) { for (index, value) in harm.enumerated() { sum[index] += value } }
    for (index, node) in nodes.enumerated() where !float.contains(index) && !node.isFloat { add(node.harm) }
    for value in values where value.members.contains(where: { !float.contains($0) && !nodes[$0].isFloat }) {
      add(value.harm)
    }
    return sum
  }

  /// The estimated time where `float` nodes are in float, in microseconds.
  package func time(of float: Set<Int>) -> Double {
    func isFloat(_ index: Int) -> Bool { nodes[index].isFloat || float.contains(index) }
    let own = nodes.indices.reduce(0) { $0 + (isFloat($1) ? nodes[$1].floatTime : nodes[$1].integerTime) }
    return values.reduce(own) { sum, value in
      let kinds = Set(value.readers.map(isFloat))
      return sum + (kinds.contains(!(value.producer.map(isFloat) ?? true)) ? value.conversion : 0)
    }
  }

  /// The nodes in float that make time + Σ price · loss least; `prices` in microseconds for each output.
  package func cheapest(prices: [Double]) -> Set<Int> {
    func cost(_ harm: [Double]) -> Double { zip(harm, prices).reduce(0) { $0 + $1.0 * $1.1 } }
    // The source's side is float.
    var cut = MinimumCut(count: nodes.count)
    for (index, node) in nodes.enumerated() {
      cut.connect(cut.source, index, node.isFloat ? MinimumCut.uncuttable : node.integerTime + cost(node.harm))
      cut.connect(index, cut.sink, node.floatTime)
    }
    for value in values {
      let producer = value.producer ?? cut.source
      let noise = cost(value.harm)
      if noise > 0, !value.members.isEmpty {
        let any = cut.vertex()
        cut.connect(cut.source, any, noise)
        for member in value.members { cut.connect(any, member, MinimumCut.uncuttable) }
      }
      guard value.conversion > 0, !value.readers.isEmpty else { continue }
      // From float to integers once, and once back.
      let rounded = cut.vertex()
      cut.connect(producer, rounded, value.conversion)
      for reader in value.readers { cut.connect(rounded, reader, MinimumCut.uncuttable) }
      if let producer = value.producer {
        let widened = cut.vertex()
        for reader in value.readers { cut.connect(reader, widened, MinimumCut.uncuttable) }
        cut.connect(widened, producer, value.conversion)
      }
    }
    let side = cut.sourceSide()
    return Set(nodes.indices.filter { side[$0] && !nodes[$0].isFloat })
  }

  /// The fastest set found whose expected losses, `factors` times the sums, are at most `target` for every output; all
  /// nodes where none is.
  package func fastest(factors: [Double], target: Double) -> Set<Int> {
    var weights = factors.indices.map { index in
      max(0.02, factors[index] * harm(of: [], outputs: factors.count)[index] / target)
    }
    var best = Set(nodes.indices.filter { !nodes[$0].isFloat })
    var least = Double.infinity
    for _ in 0..<Self.rounds {
      var (low, high) = (-4.0, 10.0)
      var found: (set: Set<Int>, losses: [Double])?
      for _ in 0..<Self.steps {
        let middle = (low + high) / 2
        let prices = zip(weights, factors).map { $0 * $1 * pow(10, middle) / target }
        let set = cheapest(prices: prices)
        let losses = zip(harm(of: set, outputs: factors.count), factors).map { $0 * $1 / target }
        if losses.allSatisfy({ $0 <= 1 }) {
          high = middle
          let time = time(of: set)
          if time < least { (best, least) = (set, time) }
          found = (set, losses)
        } else {
          low = middle
          if found == nil { found = (set, losses) }
        }
      }
      guard let losses = found?.losses, factors.count > 1 else { break }
      // Outputs with room to spare count for less from now on.
      for index in weights.indices { weights[index] *= max(0.2, min(5, losses[index])) }
    }
    return trimmed(best, factors: factors, target: target)
  }

  /// `set` without nodes that the target can spare, those first that are slowest: prices reach no division between two that are
  /// both cheapest for some price.
  private func trimmed(_ set: Set<Int>, factors: [Double], target: Double) -> Set<Int> {
    var set = set
    var time = time(of: set)
    let order = set.sorted {
      (nodes[$1].floatTime - nodes[$1].integerTime, $0) < (nodes[$0].floatTime - nodes[$0].integerTime, $1)
    }
    for index in order {
      let fewer = set.subtracting([index])
      let found = self.time(of: fewer)
      guard found < time,
        zip(harm(of: fewer, outputs: factors.count), factors).allSatisfy({ $0 * $1 <= target })
      else { continue }
      (set, time) = (fewer, found)
    }
    return set
  }

  private static let rounds = 4
  private static let steps = 16
}
