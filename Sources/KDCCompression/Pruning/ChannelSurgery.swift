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
    var surgery = ChannelSurgery(trace: trace, removed: removed)
    return try surgery.run()
  }

  /// For the output of each FusedConv and FusedGemm that loses channels with these units, the channels that stay.
  package func keptChannels(without units: [Int: Set<Int>]) -> [String: [Int]] {
    let removed = Set(units.flatMap { index, gone in gone.map { groups[index].roots[$0] } })
    var result: [String: [Int]] = [:]
    for node in graph.nodes where node.opType == "FusedConv" || node.opType == "FusedGemm" {
      guard let axes = trace.labels[node.outputs[0]], axes.count > 1,
        let labels = axes[node.opType == "FusedConv" ? 1 : axes.count - 1]
      else { continue }
      let kept = labels.indices.filter { !removed.contains(trace.atoms.root(labels[$0])) }
      if kept.count < labels.count { result[node.outputs[0]] = kept }
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

/// Removes classes of positions from a graph: weights lose rows and columns, and the constants and attributes that
/// count channels are counted again.
struct ChannelSurgery {
  let trace: ChannelTrace
  let removed: Set<Int>
  private var graph: Graph

  init(trace: ChannelTrace, removed: Set<Int>) {
    self.trace = trace
    self.removed = removed
    graph = trace.graph
  }

  mutating func run() throws -> Graph {
    for name in graph.initializers.keys.sorted() {
      guard let labels = trace.labels[name], let tensor = graph.initializers[name] else { continue }
      var result = tensor
      for axis in labels.indices {
        guard let kept = kept(labels[axis]) else { continue }
        result = result.keeping(kept, axis: axis)
      }
      graph.initializers[name] = result
      graph.types[name] = result.type
    }
    for index in graph.nodes.indices { try rewrite(index) }
    _ = graph.removeUnusedInitializers()
    do { try graph.inferTypes() } catch let list as DiagnosticList {
      throw InternalError("removing channels broke the graph: \(list)")
    }
    let faults = graph.verify()
    guard faults.isEmpty else { throw InternalError("removing channels broke the graph: \(DiagnosticList(faults))") }
    try check()
    return graph
  }

  /// The positions of an axis that stay; nil where all do.
  private func kept(_ labels: AxisLabels) -> [Int]? {
    guard let labels else { return nil }
    let kept = labels.indices.filter { !removed.contains(trace.atoms.root(labels[$0])) }
    return kept.count == labels.count ? nil : kept
  }

  private func size(_ value: String, _ axis: Int) -> Int {
    kept(trace.labels[value]?[axis] ?? nil)?.count ?? trace.shape(of: value)[axis]
  }

  /// Every value must have the size that its labels say.
  private func check() throws {
    for node in graph.nodes {
      for output in node.outputs where !output.isEmpty {
        let shape = graph.types[output]?.shape ?? []
        for axis in shape.dims.indices where shape[axis] != size(output, axis) {
          throw InternalError(
            "'\(output)' has the shape \(shape), but \(size(output, axis)) channels stay on axis \(axis)")
        }
      }
    }
  }

  private func changes(_ value: String) -> Bool {
    (trace.labels[value] ?? []).contains { kept($0) != nil }
  }

  // MARK: Attributes and constants

  private mutating func rewrite(_ index: Int) throws {
    let node = graph.nodes[index]
    guard let input = node.input(0), let output = node.outputs.first else { return }
    guard changes(input) || node.outputs.contains(where: changes) else { return }
    switch node.opType {
    case "FusedConv", "Conv", "ConvTranspose":
      let group = try node.int("group", default: 1)
      let isDepthwise = node.input(1).map { trace.shape(of: $0)[1] == 1 } ?? false
      if group > 1, isDepthwise { graph.nodes[index].attributes["group"] = .int(Int64(size(input, 1))) }
    case "GRU", "LSTM":
      let hidden = node.input(2).map { size($0, 2) } ?? 0
      if node.attributes["hidden_size"] != nil { graph.nodes[index].attributes["hidden_size"] = .int(Int64(hidden)) }
    case "Reshape", "Expand":
      guard var dims = trace.integers(node, 1) else { return }
      let shape = trace.shape(of: output)
      for (position, dim) in dims.enumerated() where dim > 1 {
        let axis = position + shape.rank - dims.count
        if axis >= 0, kept(trace.labels[output]?[axis] ?? nil) != nil { dims[position] = size(output, axis) }
      }
      // A 0 copies the input's dimension, which may lose channels that the output keeps.
      if node.opType == "Reshape" {
        for (position, dim) in dims.enumerated() where dim == 0 && size(input, position) != size(output, position) {
          dims[position] = size(output, position)
        }
      }
      setIntegers(dims, input: 1, ofNodeAt: index)
    case "Resize":
      if var sizes = trace.integers(node, 3), sizes.count == trace.shape(of: output).rank {
        for axis in sizes.indices { sizes[axis] = size(output, axis) }
        setIntegers(sizes, input: 3, ofNodeAt: index)
      }
    case "Split": try rewriteSplit(index)
    case "Slice": try rewriteSlice(index)
    case "Gather":
      guard var list = trace.integers(node, 1), trace.shape(of: node.inputs[1]).rank == 1 else { return }
      let given = try node.int("axis", default: 0)
      let axis = given < 0 ? given + trace.shape(of: input).rank : given
      guard let kept = kept(trace.labels[input]?[axis] ?? nil) else { return }
      let places = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
      let count = trace.shape(of: input)[axis]
      list = list.compactMap { places[$0 < 0 ? $0 + count : $0] }
      setIntegers(list, input: 1, ofNodeAt: index)
    default: break
    }
  }

  private mutating func rewriteSplit(_ index: Int) throws {
    let node = graph.nodes[index]
    let rank = trace.shape(of: node.inputs[0]).rank
    let given = try node.int("axis", default: 0)
    let axis = given < 0 ? given + rank : given
    let sizes = node.outputs.map { size($0, axis) }
    if node.opset < 13 {
      graph.nodes[index].attributes["split"] = .ints(sizes.map(Int64.init))
    } else {
      graph.nodes[index].attributes["num_outputs"] = nil
      setIntegers(sizes, input: 1, ofNodeAt: index)
    }
  }

  private mutating func rewriteSlice(_ index: Int) throws {
    let node = graph.nodes[index]
    guard let ranges = try trace.sliceRanges(node) else { return }
    var axes: [Int] = []
    var starts: [Int] = []
    var ends: [Int] = []
    var steps: [Int] = []
    for (axis, range) in ranges.enumerated() {
      if range.step == 1, range.start == 0, range.count == trace.shape(of: node.inputs[0])[axis] { continue }
      axes.append(axis)
      steps.append(range.step)
      if let kept = kept(trace.labels[node.inputs[0]]?[axis] ?? nil) {
        starts.append(kept.count { $0 < range.start })
        ends.append(kept.count { $0 < range.start + range.count })
      } else {
        starts.append(range.start)
        let end = range.start + range.step * range.count
        ends.append(end < 0 ? -1 << 40 : end)
      }
    }
    if node.opset < 10 {
      graph.nodes[index].attributes["axes"] = .ints(axes.map(Int64.init))
      graph.nodes[index].attributes["starts"] = .ints(starts.map(Int64.init))
      graph.nodes[index].attributes["ends"] = .ints(ends.map(Int64.init))
    } else {
      for (input, list) in [(1, starts), (2, ends), (3, axes), (4, steps)] {
        setIntegers(list, input: input, ofNodeAt: index)
      }
    }
  }

  private mutating func setIntegers(_ values: [Int], input: Int, ofNodeAt index: Int) {
    let base = graph.nodes[index].input(input) ?? graph.nodes[index].name + ".constant"
    if graph.initializers[base]?.int64s == values.map(Int64.init) { return }
    let name = graph.addInitializer(base, Tensor([values.count], values.map(Int64.init)))
    while graph.nodes[index].inputs.count <= input { graph.nodes[index].inputs.append("") }
    graph.nodes[index].inputs[input] = name
  }
}

extension Tensor {
  /// The positions `kept` of one axis, in that order. Only float32 tensors carry labels that can go.
  package func keeping(_ kept: [Int], axis: Int) -> Tensor {
    guard let values = floats else { return self }
    let inner = shape.dims[(axis + 1)...].reduce(1, *)
    let outer = shape.dims[..<axis].reduce(1, *)
    var result: [Float] = []
    result.reserveCapacity(outer * kept.count * inner)
    for block in 0..<outer {
      for position in kept {
        let start = (block * shape[axis] + position) * inner
        result.append(contentsOf: values[start..<start + inner])
      }
    }
    var dims = shape.dims
    dims[axis] = kept.count
    return Tensor(Shape(dims), result)
  }
}
