import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTraining

/// Derivatives of each sample's loss with respect to a factor (gate) on each unit at the inputs of its consumers: the sum
/// of x · ∂L/∂x over the consumers and the unit's positions there.
struct ChannelGates {
  private struct Gate {
    var activation: String
    /// Which of the node's inputs that is.
    var input: Int
    var axis: Int
    /// The unit of each position of the axis, counted through all groups; −1 for none.
    var units: [Int]
  }

  private let groups: DependencyGroups
  private let indices: [Int]
  /// First unit of each group, and their number.
  private let starts: [Int]
  private let count: Int
  private let gates: [Int: [Gate]]
  private let activations: Set<String>

  init(_ groups: DependencyGroups, _ indices: [Int]) {
    self.groups = groups
    self.indices = indices
    var starts: [Int] = []
    var count = 0
    var gates: [Int: [Gate]] = [:]
    var activations: Set<String> = []
    for index in indices {
      starts.append(count)
      let group = groups.groups[index]
      for consumer in group.consumers {
        guard let (name, axis, runs) = consumer.activation else { continue }
        let node = groups.graph.nodes[consumer.place.node]
        guard let input = node.inputs.firstIndex(of: name), let shape = groups.graph.types[name]?.shape else {
          continue
        }
        var units = [Int](repeating: -1, count: shape[axis])
        for (unit, own) in runs.enumerated() { for position in own.joined() { units[position] = count + unit } }
        gates[consumer.place.node, default: []].append(
          Gate(activation: name, input: input, axis: axis, units: units))
        activations.insert(name)
      }
      count += group.count
    }
    self.starts = starts
    self.count = count
    self.gates = gates
    self.activations = activations
  }

  /// Means over samples of `term` of the derivatives, by group.
  func sums(on data: ImportanceData, _ term: @Sendable (Double) -> Double) throws -> [Int: [Double]] {
    let graph = groups.graph
    // Samples in one chunk are told apart by the first axis; where a value has them elsewhere they run one by one.
    let isLeading = activations.allSatisfy { isBatchLeading($0, graph) }
    let chunked = try ChunkedGraph(graph, chunkSize: isLeading ? 16 : 1, checkedOn: data.samples)
    var totals = [Double](repeating: 0, count: count)
    try chunked.forEach(data.indices.count, threads: data.threads) { graph, range -> [Double] in
      let chunk = Array(data.indices[range])
      let tape = try graph.forward(try data.samples.batch(chunk))
      let loss = try data.objective.evaluate(tape, samples: chunk, factor: 1)
      var derivatives = [Double](repeating: 0, count: chunk.count * count)
      _ = try graph.backward(tape, outputGradients: loss.gradients, wanted: activations) { node, gradients in
        for gate in gates[node] ?? [] {
          guard let x = tape[gate.activation], let gradient = gradients[gate.input] else { continue }
          add(gate, x, gradient, samples: chunk.count, to: &derivatives)
        }
      }
      var sums = [Double](repeating: 0, count: count)
      for sample in 0..<chunk.count {
        for unit in 0..<count { sums[unit] += term(derivatives[sample * count + unit]) }
      }
      return sums
    } then: { part in
      for unit in part.indices { totals[unit] += part[unit] }
    }
    var result: [Int: [Double]] = [:]
    for (index, start) in zip(indices, starts) {
      result[index] = totals[start..<start + groups.groups[index].count].map {
        $0 / Double(max(data.indices.count, 1))
      }
    }
    return result
  }

  private func isBatchLeading(_ name: String, _ graph: Graph) -> Bool {
    guard let batched = graph.batched(2), let one = graph.types[name]?.shape, let two = batched.types[name]?.shape
    else {
      return false
    }
    return one.rank == two.rank && one.rank > 0 && one[0] == 1 && two[0] == 2
  }

  private func add(_ gate: Gate, _ x: Tensor, _ gradient: Tensor, samples: Int, to derivatives: inout [Double]) {
    guard let values = x.floats, let slopes = gradient.floats, values.count == slopes.count else { return }
    let size = gate.units.count
    let inner = x.shape.dims[(gate.axis + 1)...].reduce(1, *)
    let blocks = values.count / max(1, samples * size * inner)
    values.withUnsafeBufferPointer { values in
      slopes.withUnsafeBufferPointer { slopes in
        for sample in 0..<samples {
          for block in 0..<blocks {
            for position in 0..<size where gate.units[position] >= 0 {
              let start = ((sample &* blocks &+ block) &* size &+ position) &* inner
              var sum: Float = 0
              for index in start..<(start &+ inner) { sum += values[index] * slopes[index] }
              derivatives[sample &* count &+ gate.units[position]] += Double(sum)
            }
          }
        }
      }
    }
  }
}
