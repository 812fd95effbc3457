import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

extension DependencyGroups {
  /// The graph without the given units of each group (by index), types inferred again. Its outputs are those of the
  /// graph whose consumers have zeros for these channels.
  ///
  /// Throws KDC3201 where a group would lose all its units.
  package func removing(_ units: [Int: Set<Int>]) throws -> Graph {
    var removed: Set<Int> = []
    for (index, gone) in units.sorted(by: { $0.key < $1.key }) where !gone.isEmpty {
      guard groups.indices.contains(index), gone.allSatisfy({ (0..<groups[index].count).contains($0) }) else {
        throw InternalError("no such channels: group \(index), units \(gone.sorted())")
      }
      let group = groups[index]
      if let reason = group.pinned { throw InternalError("channels of '\(group.name)' are fixed by \(reason)") }
      guard gone.count < group.count else {
        throw Diagnostic(
          .allChannelsRemoved, "all \(group.count) channels of '\(group.name)' would be removed",
          at: KDCDiagnostics.Place(file: graph.file, detail: "channel group '\(group.name)'"),
          notes: ["a layer without channels computes nothing"], hint: "ask for a smaller share, or keep one channel")
      }
      for unit in gone { removed.insert(group.roots[unit]) }
    }
    guard !removed.isEmpty else { return graph }
    var removal = ChannelRemoval(of: removed, from: trace)
    return try removal.run()
  }

  /// For the output of each FusedConv and FusedGemm that loses channels with these units, the channels that stay.
  package func keptChannels(without units: [Int: Set<Int>]) -> [String: [Int]] {
    let removed = Set(units.flatMap { index, gone in gone.map { groups[index].roots[$0] } })
    var result: [String: [Int]] = [:]
    let removal = ChannelRemoval(of: removed, from: trace)
    for node in graph.nodes {
      guard let layer = Operators.type(of: node) as? any FusedLayer.Type,
        let axes = trace.labels[node.outputs[0]], axes.count > 1,
        let kept = removal.kept(axes[layer.channelAxis(rank: axes.count)])
      else { continue }
      result[node.outputs[0]] = kept
    }
    return result
  }

  /// The graph with zeros in the consumers' weights for the given units: what `removing` must equal.
  package func masking(_ units: [Int: Set<Int>]) throws -> Graph {
    var result = graph
    for (index, gone) in units {
      for consumer in groups[index].consumers {
        let place = consumer.place
        guard let tensor = result.initializers[place.initializer], var values = tensor.floats else {
          throw InternalError("'\(place.initializer)' is no float initializer")
        }
        let inner = tensor.shape.dims[(place.axis + 1)...].reduce(1, *)
        let size = tensor.shape[place.axis]
        let positions = Set(gone.flatMap { place.runs[$0].flatMap { Array($0) } })
        for element in values.indices where positions.contains(element / inner % size) { values[element] = 0 }
        result.initializers[place.initializer] = Tensor(tensor.shape, values)
      }
    }
    return result
  }
}
