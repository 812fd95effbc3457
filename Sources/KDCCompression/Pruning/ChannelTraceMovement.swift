import KDCGraph
import KDCOps
import KDCTensor

/// Operators that move elements or reduce axes.
extension ChannelTrace {
  /// The integers of a constant input; nil where it is absent or computed.
  func integers(_ node: Node, _ index: Int) -> [Int]? {
    guard let name = node.input(index), let tensor = graph.initializers[name] else { return nil }
    return tensor.dataType.isFloat ? nil : tensor.asInts
  }

  private func axis(_ value: Int, _ rank: Int) -> Int { value < 0 ? value + rank : value }

  private mutating func dropped(_ kept: [AxisLabels], _ reduced: Set<Int>, keepsDimensions: Bool, _ node: Node)
    -> [AxisLabels]
  {
    var result: [AxisLabels] = []
    for (axis, own) in kept.enumerated() {
      if reduced.contains(axis) {
        pin(own, at: node)
        if keepsDimensions { result.append(nil) }
      } else {
        result.append(own)
      }
    }
    return result
  }

  mutating func traceReduction(_ node: Node, since opType: String) throws {
    guard let input = node.input(0) else { return give(upOn: node) }
    let x = labels(of: input)
    let listed: [Int]
    if node.attributes["axes"] != nil {
      listed = try node.optionalInts("axes") ?? []
    } else if node.input(1) != nil {
      guard let given = integers(node, 1) else { return give(upOn: node) }
      listed = given
    } else {
      listed = []
    }
    let isIdentity = try node.int("noop_with_empty_axes", default: 0) == 1
    let reduced = Set(listed.isEmpty && !isIdentity ? Array(x.indices) : listed.map { axis($0, x.count) })
    let keeps = try node.int("keepdims", default: 1) != 0
    labels[node.outputs[0]] = dropped(x, reduced, keepsDimensions: keeps, node)
  }

  mutating func traceArgReduction(_ node: Node) throws {
    guard let input = node.input(0) else { return give(upOn: node) }
    let x = labels(of: input)
    let reduced: Set<Int> = [axis(try node.int("axis", default: 0), x.count)]
    let keeps = try node.int("keepdims", default: 1) != 0
    labels[node.outputs[0]] = dropped(x, reduced, keepsDimensions: keeps, node)
  }

  mutating func traceTranspose(_ node: Node) throws {
    guard let input = node.input(0) else { return give(upOn: node) }
    let x = labels(of: input)
    let order = try Transpose(decoding: node).permutation(rank: x.count)
    labels[node.outputs[0]] = order.map { x[$0] }
  }

  // MARK: Reshape

  /// Runs of input axes that become runs of output axes with as many elements.
  mutating func traceReshape(_ node: Node) {
    guard let input = node.input(0), let output = node.outputs.first else { return give(upOn: node) }
    let (from, to, x) = (shape(of: input), shape(of: output), labels(of: input))
    guard from.count > 0 else { return give(upOn: node) }
    var result = [AxisLabels](repeating: nil, count: to.rank)
    let sources = from.dims.indices.filter { from[$0] > 1 }
    let targets = to.dims.indices.filter { to[$0] > 1 }
    var (i, j) = (0, 0)
    while i < sources.count, j < targets.count {
      var (block, other) = ([sources[i]], [targets[j]])
      var (a, b) = (from[sources[i]], to[targets[j]])
      i += 1
      j += 1
      while a != b {
        if a < b, i < sources.count {
          a *= from[sources[i]]
          block.append(sources[i])
          i += 1
        } else if b < a, j < targets.count {
          b *= to[targets[j]]
          other.append(targets[j])
          j += 1
        } else {
          return give(upOn: node)
        }
      }
      regroup(block.map { (from[$0], x[$0]) }, other, to, into: &result, node)
    }
    labels[output] = result
  }

  /// One run: the input axes (size, labels) against the output axes `targets`.
  private mutating func regroup(
    _ sources: [(size: Int, labels: AxisLabels)], _ targets: [Int], _ to: Shape, into result: inout [AxisLabels],
    _ node: Node
  ) {
    let labelled = sources.indices.filter { sources[$0].labels != nil }
    guard labelled.count == 1, let labels = sources[labelled[0]].labels else {
      for source in sources { pin(source.labels, at: node) }
      return
    }
    if sources.count == 1, targets.count == 1 {
      result[targets[0]] = labels
      return
    }
    let inner = sources[(labelled[0] + 1)...].reduce(1) { $0 * $1.size }
    let count = sources.reduce(1) { $0 * $1.size }
    let elements = (0..<count).map { labels[$0 / inner % labels.count] }
    if targets.count == 1 {
      result[targets[0]] = elements
      return
    }
    // A run that is cut: one of the new axes takes the labels, each of its positions one class. The channel axis of
    // images where there is one, else the axis that leaves most classes.
    let chosen =
      to.rank <= 4 && targets.contains(1)
      ? 1 : targets.max { (to[$0], -$0) < (to[$1], -$1) } ?? targets[0]
    let step = targets.filter { $0 > chosen }.reduce(1) { $0 * to[$1] }
    var taken = [Int?](repeating: nil, count: to[chosen])
    for (index, atom) in elements.enumerated() {
      let position = index / step % to[chosen]
      if let first = taken[position] { atoms.union(first, atom) } else { taken[position] = atom }
    }
    result[chosen] = taken.compactMap { $0 }
  }

  // MARK: Parts of axes

  /// Labels for positions that are never removed, beside others of the same axis that may be.
  private mutating func pinned(_ count: Int, _ node: Node) -> [Int] {
    let made = atoms.make(count)
    pin(made, at: node)
    return made
  }

  mutating func traceConcat(_ node: Node) throws {
    let parts = node.inputs.map { labels(of: $0) }
    guard let rank = parts.first?.count, rank > 0 else { return give(upOn: node) }
    let joined = axis(try node.requiredInt("axis"), rank)
    var result = [AxisLabels](repeating: nil, count: rank)
    for axis in 0..<rank {
      if axis == joined {
        guard parts.contains(where: { $0[axis] != nil }) else { continue }
        var all: [Int] = []
        for (part, name) in zip(parts, node.inputs) { all += part[axis] ?? pinned(shape(of: name)[axis], node) }
        result[axis] = all
      } else if parts.contains(where: { $0[axis] != nil }) {
        var merged = parts[0][axis]
        for part in parts.dropFirst() { merged = unify(merged, part[axis], at: node) }
        if parts.contains(where: { $0[axis] == nil }) {
          for part in parts { pin(part[axis], at: node) }
          merged = nil
        }
        result[axis] = merged
      }
    }
    labels[node.outputs[0]] = result
  }

  mutating func traceSplit(_ node: Node) throws {
    guard let input = node.input(0) else { return give(upOn: node) }
    let x = labels(of: input)
    let cut = axis(try node.int("axis", default: 0), x.count)
    var start = 0
    for output in node.outputs {
      let size = output.isEmpty ? 0 : shape(of: output)[cut]
      if output.isEmpty { return give(upOn: node) }
      var own = x
      own[cut] = x[cut].map { Array($0[start..<start + size]) }
      labels[output] = own
      start += size
    }
  }

  /// The kept range of each axis of a Slice node; nil where its operands are computed.
  func sliceRanges(_ node: Node) throws -> [Slice.Range]? {
    guard let input = node.input(0) else { return nil }
    for index in 1..<5 where node.input(index) != nil && integers(node, index) == nil { return nil }
    return try Slice(decoding: node).ranges(
      of: shape(of: input), starts: integers(node, 1), ends: integers(node, 2), axes: integers(node, 3),
      steps: integers(node, 4))
  }

  mutating func traceSlice(_ node: Node) throws {
    guard let input = node.input(0), let ranges = try sliceRanges(node) else { return give(upOn: node) }
    var x = labels(of: input)
    for (axis, range) in ranges.enumerated() {
      guard let own = x[axis] else { continue }
      if range.step == 1 {
        x[axis] = Array(own[range.start..<range.start + range.count])
      } else {
        pin(own, at: node)
        x[axis] = nil
      }
    }
    labels[node.outputs[0]] = x
  }

  /// A constant list of indices picks labels; a single index, or computed ones, pin the axis.
  mutating func traceGather(_ node: Node) throws {
    guard let input = node.input(0), let indices = node.input(1) else { return give(upOn: node) }
    let x = labels(of: input)
    let picked = axis(try node.int("axis", default: 0), x.count)
    let rank = shape(of: indices).rank
    var middle = [AxisLabels](repeating: nil, count: rank)
    if rank == 1, let own = x[picked], let list = integers(node, 1) {
      middle = [list.map { own[axis($0, own.count)] }]
    } else {
      pin(x[picked], at: node)
    }
    labels[node.outputs[0]] = Array(x[..<picked]) + middle + Array(x[(picked + 1)...])
  }

  /// Pad: axes whose size stays pass. Others are pinned.
  mutating func traceSameSize(_ node: Node) {
    guard let input = node.input(0), let output = node.outputs.first else { return give(upOn: node) }
    let (from, to) = (shape(of: input), shape(of: output))
    var x = labels(of: input)
    let pads = (try? node.optionalInts("pads")) ?? integers(node, 1)
    // A crop at one end and a pad at the other keep the size but not the positions.
    let isPlain = pads.map { $0.allSatisfy { $0 >= 0 } } ?? false
    for axis in x.indices where from[axis] != to[axis] || !isPlain {
      pin(x[axis], at: node)
      x[axis] = nil
    }
    labels[output] = x
  }

  mutating func traceResize(_ node: Node) {
    guard let input = node.input(0), let output = node.outputs.first else { return give(upOn: node) }
    let (from, to) = (shape(of: input), shape(of: output))
    var x = labels(of: input)
    let scales = node.inputs.dropFirst().compactMap { graph.initializers[$0]?.floats }.first { $0.count == from.rank }
    for axis in x.indices where x[axis] != nil {
      guard from[axis] == to[axis], scales.map({ $0[axis] == 1 }) ?? true, node.attributes["axes"] == nil else {
        pin(x[axis], at: node)
        x[axis] = nil
        continue
      }
    }
    labels[output] = x
  }

  mutating func traceExpand(_ node: Node) {
    guard let input = node.input(0), let output = node.outputs.first, integers(node, 1) != nil else {
      return give(upOn: node)
    }
    let (from, to) = (shape(of: input), shape(of: output))
    let x = labels(of: input)
    var result = [AxisLabels](repeating: nil, count: to.rank)
    for axis in x.indices {
      let target = axis + to.rank - from.rank
      if target >= 0, from[axis] == to[target] { result[target] = x[axis] } else { pin(x[axis], at: node) }
    }
    labels[output] = result
  }

  /// Blocks of b² channels of the deep side are one channel of the other.
  mutating func traceDepthSpace(_ node: Node) throws {
    guard let input = node.input(0), let output = node.outputs.first else { return give(upOn: node) }
    var x = labels(of: input)
    let block = try node.requiredInt("blocksize")
    for axis in x.indices.dropFirst(2) {
      pin(x[axis], at: node)
      x[axis] = nil
    }
    guard let own = x[1] else {
      labels[output] = x
      return
    }
    let channels = shape(of: output)[1]
    if node.opType == "DepthToSpace" {
      let isCRD = try node.choice("mode", default: "DCR", of: ["DCR", "CRD"]) == "CRD"
      var taken = [Int?](repeating: nil, count: channels)
      for (position, atom) in own.enumerated() {
        let channel = isCRD ? position / (block * block) : position % channels
        if let first = taken[channel] { atoms.union(first, atom) } else { taken[channel] = atom }
      }
      x[1] = channels > 1 ? taken.compactMap { $0 } : nil
      if channels <= 1 { pin(own, at: node) }
    } else {
      x[1] = (0..<channels).map { own[$0 % own.count] }
    }
    labels[output] = x
  }
}
