import KDCGraph
import KDCTensor

extension ChannelTrace {
  /// A change of shape: runs of input axes become runs of output axes with as many elements.
  mutating func regroup(_ node: Node) {
    let (input, output) = (node.inputs[0], node.outputs[0])
    let (from, to, x) = (shape(of: input), shape(of: output), labels(of: input))
    guard from.count > 0 else { return giveUp() }
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
          return giveUp()
        }
      }
      regroup(block.map { (from[$0], x[$0]) }, other, to, into: &result)
    }
    labels[output] = result
  }

  /// One run: the input axes (size, labels) against the output axes `targets`.
  private mutating func regroup(
    _ sources: [(size: Int, labels: AxisLabels)], _ targets: [Int], _ to: Shape, into result: inout [AxisLabels]
  ) {
    let labelled = sources.indices.filter { sources[$0].labels != nil }
    guard labelled.count == 1, let labels = sources[labelled[0]].labels else {
      for source in sources { pin(source.labels) }
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
    result[chosen] = merged(elements, into: to[chosen]) { $0 / step % to[chosen] }
  }

  /// The labels of an axis of `count` positions, each the class of all `elements` that `position` puts there.
  mutating func merged(_ elements: [Int], into count: Int, _ position: (Int) -> Int) -> [Int] {
    var taken = [Int?](repeating: nil, count: count)
    for (index, atom) in elements.enumerated() {
      let position = position(index)
      if let first = taken[position] { atoms.union(first, atom) } else { taken[position] = atom }
    }
    return taken.compactMap { $0 }
  }
}

extension ChannelRemoval {
  /// The dimensions that input 1 lists for the output, with those counted again that lose positions.
  func recountedDims(of node: Node) -> [Int]? {
    guard var dims = trace.integers(node, 1) else { return nil }
    let output = node.outputs[0]
    for (position, dim) in dims.enumerated() where dim > 1 {
      let axis = position + shape(of: output).rank - dims.count
      if axis >= 0, let kept = kept(output, axis) { dims[position] = kept.count }
    }
    return dims
  }
}
