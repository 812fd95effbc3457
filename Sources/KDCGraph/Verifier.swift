import KDCDiagnostics

/// The structural rules every graph keeps, from the importer to the lowering.
extension Graph {
  /// Broken rules, in order of the nodes: unique producers, known inputs and outputs, topological order, sane
  /// quantization entries. Empty for a good graph.
  ///
  /// `outerValues` exist without being in this graph: those around a graph attribute.
  package func verify(outerValues: Set<String> = []) -> [Diagnostic] {
    var faults: [Diagnostic] = []
    func fault(_ id: DiagnosticID, _ message: String, _ detail: String?) {
      faults.append(Diagnostic(id, message, at: Place(file: file, detail: detail)))
    }
    var known = outerValues.union(initializers.keys)
    var inputNames: Set<String> = []
    for input in inputs {
      if !inputNames.insert(input.name).inserted {
        fault(.invalidGraph, "two inputs are named '\(input.name)'", "input '\(input.name)'")
      }
    }
    known.formUnion(inputNames)
    var producers: [String: String] = [:]
    for node in nodes {
      for output in node.outputs where !output.isEmpty {
        if let other = producers[output] {
          fault(.invalidGraph, "value '\(output)' is made by node '\(other)' and by node '\(node.name)'", node.label)
        } else if known.contains(output) {
          fault(.invalidGraph, "value '\(output)' is an input or initializer and is made by a node too", node.label)
        }
        producers[output] = node.name
      }
    }
    if let cycle = findCycle() {
      let path = (cycle + cycle.prefix(1)).map { "'\($0)'" }.joined(separator: " → ")
      fault(.graphCycle, "the nodes form a cycle: \(path)", nil)
    }
    for node in nodes {
      for name in node.reads where !known.contains(name) {
        if let producer = producers[name] {
          if faults.contains(where: { $0.id == .graphCycle }) { continue }
          fault(.invalidGraph, "node '\(node.name)' comes before '\(producer)', whose '\(name)' it reads", node.label)
        } else {
          fault(.invalidGraph, "node '\(node.name)' reads '\(name)', which nothing makes", node.label)
          known.insert(name)
        }
      }
      known.formUnion(node.outputs)
    }
    for output in outputs where !known.contains(output) && producers[output] == nil {
      fault(.invalidGraph, "the graph's output '\(output)' is made by no node", "output '\(output)'")
    }
    return faults + quantizationFaults()
  }

  private func quantizationFaults() -> [Diagnostic] {
    quantization.keys.sorted().compactMap { name in
      guard let entry = quantization[name] else { return nil }
      let place = Place(file: file, detail: "value '\(name)'")
      guard !entry.scales.isEmpty, entry.scales.allSatisfy({ $0.isFinite && $0 > 0 }) else {
        return Diagnostic(.invalidGraph, "the quantization scales of '\(name)' are not positive numbers", at: place)
      }
      guard (-128...127).contains(entry.zeroPoint) else {
        return Diagnostic(.invalidGraph, "the zero point of '\(name)' is \(entry.zeroPoint), not an int8", at: place)
      }
      guard entry.scales.count > 1 || entry.axis != nil else { return nil }
      guard let shape = initializers[name]?.shape ?? types[name]?.shape else { return nil }
      guard let axis = entry.axis, shape.dims.indices.contains(axis), shape[axis] == entry.scales.count else {
        return Diagnostic(
          .invalidGraph,
          "'\(name)' of shape \(shape) has \(entry.scales.count) scales on axis "
            + (entry.axis.map(String.init) ?? "none"), at: place)
      }
      return nil
    }
  }
}
