import KDCGraph
import KDCOps
import KDCTensor

/// Operators with weights, and normalisations.
extension ChannelTrace {
  private func isWeight(_ name: String?) -> Bool { name.flatMap { graph.initializers[$0]?.floats } != nil }

  private mutating func bias(_ name: String?, _ channels: AxisLabels, _ node: Node, _ index: Int) {
    guard let name else { return }
    unify(labels(of: name).last ?? nil, channels, at: node)
    if isWeight(name) { sites.append(Site(node: index, initializer: name, axis: 0, role: .perChannel)) }
  }

  /// Residual and output of FusedConv and FusedGemm.
  private mutating func finish(_ node: Node, _ result: [AxisLabels]) {
    var result = result
    if let residual = node.input(3) {
      for (axis, other) in labels(of: residual).enumerated() where axis < result.count && (other ?? result[axis]) != nil
      {
        result[axis] = unify(result[axis], other, at: node)
      }
    }
    labels[node.outputs[0]] = result
  }

  /// X [N, C, …], W [M, C / group, …], B [M]. In grouped convolutions a channel goes in every group at the same place,
  /// so that all groups stay equally large; in depthwise ones a channel is its own group.
  mutating func traceConvolution(_ node: Node, _ index: Int) throws {
    guard let input = node.input(0), let weights = node.input(1), isWeight(weights) else { return give(upOn: node) }
    let group = try node.int("group", default: 1)
    let (x, w, shape) = (labels(of: input), labels(of: weights), shape(of: weights))
    guard shape.rank >= 3, x.count == shape.rank, group >= 1 else { return give(upOn: node) }
    for axis in 2..<shape.rank {
      pin(x[axis], at: node)
      pin(w[axis], at: node)
    }
    let outputs = w[0]
    if group == 1 {
      if (x[1] ?? w[1]) != nil { unify(x[1], w[1], at: node) }
      sites.append(Site(node: index, initializer: weights, axis: 1, role: .consumer, activation: (input, 1)))
      sites.append(Site(node: index, initializer: weights, axis: 0, role: .producer))
    } else if shape[1] == 1 {
      guard let channels = x[1], let outputs else {
        pin(x[1], at: node)
        pin(w[0], at: node)
        return finish(node, [AxisLabels](repeating: nil, count: shape.rank))
      }
      let multiplier = max(1, shape[0] / group)
      for (position, atom) in outputs.enumerated() { atoms.union(atom, channels[position / multiplier]) }
      sites.append(Site(node: index, initializer: weights, axis: 0, role: .perChannel))
    } else {
      spread(x[1], over: w[1], groups: group, node)
      if let outputs {
        let size = outputs.count / group
        for (position, atom) in outputs.enumerated() { atoms.union(atom, outputs[position % max(1, size)]) }
      }
      sites.append(Site(node: index, initializer: weights, axis: 1, role: .consumer, activation: (input, 1)))
      sites.append(Site(node: index, initializer: weights, axis: 0, role: .producer))
    }
    bias(node.input(2), outputs, node, index)
    var result = [AxisLabels](repeating: nil, count: shape.rank)
    result[0] = x[0]
    result[1] = outputs
    finish(node, result)
  }

  /// Position j of each group of `channels` is position j of `inner`.
  private mutating func spread(_ channels: AxisLabels, over inner: AxisLabels, groups: Int, _ node: Node) {
    guard let channels, let inner, channels.count == groups * inner.count else {
      pin(channels, at: node)
      pin(inner, at: node)
      return
    }
    for (position, atom) in channels.enumerated() { atoms.union(atom, inner[position % inner.count]) }
  }

  /// X [N, C, …], W [C, M / group, …], B [M].
  mutating func traceConvTranspose(_ node: Node, _ index: Int) throws {
    guard let input = node.input(0), let weights = node.input(1), isWeight(weights) else { return give(upOn: node) }
    let group = try node.int("group", default: 1)
    let (x, w, shape) = (labels(of: input), labels(of: weights), shape(of: weights))
    // Grouped forms other than the depthwise one are rare: they stay as they are.
    guard shape.rank >= 3, x.count == shape.rank, group == 1 || (shape[1] == 1 && group == shape[0]) else {
      return give(upOn: node)
    }
    for axis in 2..<shape.rank {
      pin(x[axis], at: node)
      pin(w[axis], at: node)
    }
    if (x[1] ?? w[0]) != nil { unify(x[1], w[0], at: node) }
    let outputs = group == 1 ? w[1] : x[1] == nil ? nil : w[0]
    sites.append(
      group == 1
        ? Site(node: index, initializer: weights, axis: 0, role: .consumer, activation: (input, 1))
        : Site(node: index, initializer: weights, axis: 0, role: .perChannel))
    if group == 1 { sites.append(Site(node: index, initializer: weights, axis: 1, role: .producer)) }
    bias(node.input(2), outputs, node, index)
    var result = [AxisLabels](repeating: nil, count: shape.rank)
    result[0] = x[0]
    result[1] = outputs
    labels[node.outputs[0]] = result
  }

  /// X [..., K], W [N, K], B [N].
  mutating func traceFusedGemm(_ node: Node, _ index: Int) {
    guard let input = node.input(0), let weights = node.input(1), isWeight(weights) else { return give(upOn: node) }
    let (x, w) = (labels(of: input), labels(of: weights))
    guard w.count == 2, let depth = x.last else { return give(upOn: node) }
    if (depth ?? w[1]) != nil { unify(depth, w[1], at: node) }
    sites.append(
      Site(node: index, initializer: weights, axis: 1, role: .consumer, activation: (input, x.count - 1)))
    sites.append(Site(node: index, initializer: weights, axis: 0, role: .producer))
    bias(node.input(2), w[0], node, index)
    finish(node, x.dropLast() + [w[0]])
  }

  /// Rows of the left and columns of the right operand pass; the axis summed over passes only into constant weights.
  mutating func traceMatMul(_ node: Node, _ index: Int) {
    guard let left = node.input(0), let right = node.input(1) else { return give(upOn: node) }
    let (a, b) = (labels(of: left), labels(of: right))
    guard a.count >= 2, b.count >= 2 else { return give(upOn: node) }
    let (depthA, depthB) = (a[a.count - 1], b[b.count - 2])
    let (constantA, constantB) = (isWeight(left), isWeight(right))
    if constantB && !constantA {
      if (depthA ?? depthB) != nil { unify(depthA, depthB, at: node) }
      sites.append(
        Site(node: index, initializer: right, axis: b.count - 2, role: .consumer, activation: (left, a.count - 1)))
      sites.append(Site(node: index, initializer: right, axis: b.count - 1, role: .producer))
    } else if constantA && !constantB {
      if (depthA ?? depthB) != nil { unify(depthA, depthB, at: node) }
      sites.append(
        Site(node: index, initializer: left, axis: a.count - 1, role: .consumer, activation: (right, b.count - 2)))
      sites.append(Site(node: index, initializer: left, axis: a.count - 2, role: .producer))
    } else {
      pin(depthA, at: node)
      pin(depthB, at: node)
    }
    // Batch axes: only those without labels are simple enough to pass.
    for axis in a.dropLast(2) { pin(axis, at: node) }
    for axis in b.dropLast(2) { pin(axis, at: node) }
    let rank = shape(of: node.outputs[0]).rank
    labels[node.outputs[0]] =
      [AxisLabels](repeating: nil, count: max(0, rank - 2)) + [a[a.count - 2], b[b.count - 1]]
  }

  /// X [steps, batch, input], W [directions, gates · hidden, input], R [directions, gates · hidden, hidden],
  /// B [directions, 2 · gates · hidden]: hidden unit h is row h of every gate and column h of R.
  mutating func traceRecurrent(_ node: Node, _ index: Int) throws {
    guard let input = node.input(0), let weights = node.input(1), let recurrent = node.input(2), isWeight(weights),
      isWeight(recurrent), node.input(3) == nil || isWeight(node.input(3)), node.input(4) == nil
    else { return give(upOn: node) }
    let (x, w, r) = (labels(of: input), labels(of: weights), labels(of: recurrent))
    guard x.count == 3, w.count == 3, r.count == 3 else { return give(upOn: node) }
    for axis in [x[0], x[1], w[0], r[0]] { pin(axis, at: node) }
    if (x[2] ?? w[2]) != nil { unify(x[2], w[2], at: node) }
    let hidden = r[2]
    for rows in [w[1], r[1]] { spreadGates(rows, over: hidden, node) }
    sites.append(Site(node: index, initializer: weights, axis: 2, role: .consumer, activation: (input, 2)))
    sites.append(Site(node: index, initializer: weights, axis: 1, role: .producer))
    sites.append(Site(node: index, initializer: recurrent, axis: 1, role: .perChannel))
    sites.append(Site(node: index, initializer: recurrent, axis: 2, role: .consumer))
    if let bias = node.input(3) {
      let labels = labels(of: bias)
      pin(labels.first ?? nil, at: node)
      spreadGates(labels.last ?? nil, over: hidden, node)
      sites.append(Site(node: index, initializer: bias, axis: 1, role: .perChannel))
    }
    for state in [5, 6] {
      guard let name = node.input(state) else { continue }
      let own = labels(of: name)
      for axis in own.dropLast() { pin(axis, at: node) }
      if ((own.last ?? nil) ?? hidden) != nil { unify(own.last ?? nil, hidden, at: node) }
      if isWeight(name) { sites.append(Site(node: index, initializer: name, axis: 2, role: .perChannel)) }
    }
    for output in node.outputs where !output.isEmpty {
      let rank = shape(of: output).rank
      labels[output] = [AxisLabels](repeating: nil, count: max(0, rank - 1)) + [hidden]
    }
  }

  private mutating func spreadGates(_ rows: AxisLabels, over hidden: AxisLabels, _ node: Node) {
    guard let rows, let hidden, rows.count % hidden.count == 0 else {
      pin(rows, at: node)
      pin(hidden, at: node)
      return
    }
    for (position, atom) in rows.enumerated() { atoms.union(atom, hidden[position % hidden.count]) }
  }

  /// X [N, C, …] with one parameter of each kind for each channel.
  mutating func traceChannelNormalization(_ node: Node, _ index: Int) {
    guard let input = node.input(0) else { return give(upOn: node) }
    var x = labels(of: input)
    if node.opType == "InstanceNormalization" {
      for axis in x.indices.dropFirst(2) {
        pin(x[axis], at: node)
        x[axis] = nil
      }
    }
    for name in node.inputs.dropFirst() where !name.isEmpty {
      let own = labels(of: name).first ?? nil
      if (own ?? x[1]) != nil { x[1] = unify(x[1], own, at: node) }
      if isWeight(name) { sites.append(Site(node: index, initializer: name, axis: 0, role: .perChannel)) }
    }
    labels[node.outputs[0]] = x
  }

  /// Statistics mix the axes from `axis` on: these are pinned, those before pass.
  mutating func traceLayerNormalization(_ node: Node) throws {
    guard let input = node.input(0) else { return give(upOn: node) }
    var x = labels(of: input)
    let given = try node.int("axis", default: -1)
    let start = given < 0 ? given + x.count : given
    for axis in x.indices where axis >= start {
      pin(x[axis], at: node)
      x[axis] = nil
    }
    for name in node.inputs.dropFirst() where !name.isEmpty { pin(name, at: node) }
    for output in node.outputs where !output.isEmpty { labels[output] = x }
  }

  /// Windows over the axes behind the channels. The indices that MaxPool may give are positions in the whole tensor.
  mutating func tracePool(_ node: Node) {
    guard let input = node.input(0) else { return give(upOn: node) }
    var x = labels(of: input)
    for axis in x.indices.dropFirst(2) {
      pin(x[axis], at: node)
      x[axis] = nil
    }
    if node.outputs.dropFirst().contains(where: { !$0.isEmpty }) { return give(upOn: node) }
    labels[node.outputs[0]] = x
  }

  mutating func traceSoftmax(_ node: Node) throws {
    guard let input = node.input(0) else { return give(upOn: node) }
    var x = labels(of: input)
    let flattens = node.opset < 13
    let given = try node.int("axis", default: flattens ? 1 : -1)
    let start = given < 0 ? given + x.count : given
    for axis in x.indices where axis == start || (flattens && axis > start) {
      pin(x[axis], at: node)
      x[axis] = nil
    }
    labels[node.outputs[0]] = x
  }
}
