import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

extension Lowering {
  /// The encoding in which data is moved to `output`: the output's, else the value's own type.
  private func movedEncoding(_ output: String) -> Encoding { quantized(output) ?? .native }

  private func elementBytes(_ name: String, _ encoding: Encoding) throws -> Int {
    encoding == .native ? try type(of: name).dataType.byteCount : 1
  }

  /// The same elements under another shape: no step, unless the encoding changes or a layout does not allow it.
  mutating func view(_ input: String, _ output: String) throws {
    let encoding = movedEncoding(output)
    let shape = try shape(of: input)
    let result = try self.shape(of: output)
    if constant(input) != nil {
      let form = try read(input, as: encoding, in: [.rowMajor])
      return try alias(output, form)
    }
    if result == shape {
      for layout in availableLayouts(input, encoding) {
        return try alias(output, try read(input, as: encoding, in: [layout]))
      }
    }
    let layouts = availableLayouts(input, encoding)
    if layouts.contains(.rowMajor) { return try alias(output, try read(input, as: encoding, in: [.rowMajor])) }
    switch layouts.first {
    case .channelsLast?:
      var form = try read(input, as: encoding, in: [.channelsLast])
      form.layout = .reshaped(shape)
      try alias(output, form)
    case .some(let layout):
      let form = try read(input, as: encoding, in: [layout])
      try alias(output, form)
    case nil: throw InternalError("'\(input)' is used before it is computed")
    }
  }

  /// Output element i (an index along each axis) is input element offset + Σ i · strides over the input's logical axes:
  /// given as, for each output axis, a factor on one input axis (nil: repeats).
  mutating func select(
    _ input: String, _ output: String, starts: [Int], axes: [(axis: Int, step: Int)?]
  ) throws {
    let encoding = movedEncoding(output)
    let shape = try shape(of: input)
    let result = try self.shape(of: output)
    guard result.count > 0 else {
      _ = try write(output, as: encoding, in: .rowMajor)
      return
    }
    let form = try read(input, as: encoding)
    let own = form.layout.strides(of: shape)
    let strides = axes.map { $0.map { own[$0.axis] * $0.step } ?? 0 }
    let offset = zip(starts, own).reduce(0) { $0 + $1.0 * $1.1 }
    // Nothing moves where the elements already lie in one of the output's layouts.
    if offset == 0, result.count == shape.count {
      for layout in [Layout.rowMajor, .channelsLast]
      where zip(result.dims.indices, zip(strides, layout.strides(of: result)))
        .allSatisfy({ result[$0] == 1 || $1.0 == $1.1 })
      {
        return try alias(output, Form(encoding: encoding, layout: layout, buffer: form.buffer))
      }
    }
    let layout = form.layout == .channelsLast && result.rank == shape.rank ? Layout.channelsLast : .rowMajor
    let normalized = layout.normalized(for: result)
    let bytes = try elementBytes(input, encoding)
    let walk = Walk.filling(result, normalized, reading: [strides])
    let target = try write(output, as: encoding, in: normalized)
    append {
      MoveStep(
        name: $0, input: form.buffer, output: target, elementBytes: bytes, inputOffset: offset, outputOffset: 0,
        walk: walk)
    }
  }

  /// Copies whole inputs into parts of an output.
  mutating func place(_ parts: [(name: String, starts: [Int])], _ output: String) throws {
    let encoding = movedEncoding(output)
    let result = try shape(of: output)
    let computed = parts.first { constant($0.name) == nil }?.name
    let layouts = computed.map { availableLayouts($0, encoding) } ?? []
    let layout: Layout =
      layouts.contains(.rowMajor) ? .rowMajor : layouts.contains(.channelsLast) ? .channelsLast : .rowMajor
    let normalized = layout.normalized(for: result)
    var forms: [Form] = []
    for part in parts { forms.append(try read(part.name, as: encoding, in: [layout, .rowMajor, .channelsLast])) }
    let bytes = try elementBytes(output, encoding)
    let target = try write(output, as: encoding, in: normalized)
    let strides = normalized.strides(of: result)
    for (part, form) in zip(parts, forms) {
      let shape = try shape(of: part.name)
      guard shape.count > 0 else { continue }
      let own = form.layout.strides(of: shape)
      let order = normalized.order(rank: shape.rank)
      let walk = Walk(
        extents: order.map { shape[$0] }, strides: [order.map { own[$0] }, order.map { strides[$0] }]
      ).collapsed
      let offset = zip(part.starts, strides).reduce(0) { $0 + $1.0 * $1.1 }
      append {
        MoveStep(
          name: $0, input: form.buffer, output: target, elementBytes: bytes, inputOffset: 0, outputOffset: offset,
          walk: walk)
      }
    }
  }

  /// The integers of a constant input; nil where it is absent.
  func integers(_ node: Node, _ index: Int) -> [Int]? {
    guard let name = node.input(index), let tensor = constant(name) else { return nil }
    return switch tensor.elements {
    case .int64(let values): values.map { Int($0) }
    case .int32(let values): values.map { Int($0) }
    default: nil
    }
  }
}

extension Operator {
  func lowerView(_ node: Node, into lowering: inout Lowering) throws {
    try lowering.view(node.inputs[0], node.outputs[0])
  }
}

extension Identity: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws { try lowerView(node, into: &lowering) }
}
extension Dropout: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if node.outputs.count > 1, lowering.isUsed(node.outputs[1]) {
      let type = try lowering.type(of: node.outputs[1])
      let mask = try lowering.write(node.outputs[1], as: .native, in: .rowMajor)
      lowering.fill(mask, with: Tensor([1], [true]).cast(to: type.dataType), count: type.shape.count)
    }
    try lowerView(node, into: &lowering)
  }
}
extension Reshape: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws { try lowerView(node, into: &lowering) }
}
extension Flatten: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws { try lowerView(node, into: &lowering) }
}
extension Squeeze: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws { try lowerView(node, into: &lowering) }
}
extension Unsqueeze: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws { try lowerView(node, into: &lowering) }
}

extension Transpose: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let rank = try lowering.shape(of: node.inputs[0]).rank
    let order = try permutation(rank: rank)
    try lowering.select(
      node.inputs[0], node.outputs[0], starts: [Int](repeating: 0, count: rank), axes: order.map { ($0, 1) })
  }
}

extension Slice: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let ranges = try ranges(
      of: shape, starts: lowering.integers(node, 1), ends: lowering.integers(node, 2),
      axes: lowering.integers(node, 3), steps: lowering.integers(node, 4))
    try lowering.select(
      node.inputs[0], node.outputs[0], starts: ranges.map(\.start),
      axes: ranges.enumerated().map { ($0.offset, $0.element.step) })
  }
}

extension Split: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let axis = try normalized(axis: axis, rank: shape.rank)
    var start = 0
    for (name, size) in zip(node.outputs, try parts(of: shape[axis], given: lowering.integers(node, 1))) {
      defer { start += size }
      guard lowering.isUsed(name) else { continue }
      var starts = [Int](repeating: 0, count: shape.rank)
      starts[axis] = start
      try lowering.select(node.inputs[0], name, starts: starts, axes: shape.dims.indices.map { ($0, 1) })
    }
  }
}

extension Expand: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let missing = try lowering.shape(of: node.outputs[0]).rank - shape.rank
    try lowering.select(
      node.inputs[0], node.outputs[0], starts: [Int](repeating: 0, count: shape.rank),
      axes: (0..<missing + shape.rank).map { axis in
        axis < missing || shape[axis - missing] == 1 ? nil : (axis - missing, 1)
      })
  }
}

extension Tile: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let repeats = lowering.integers(node, 1) ?? []
    guard repeats.count == shape.rank else { throw cannotLower(node, "with repeats that are computed from data") }
    // Many copies are one walk; a few are parts of the output, in whatever layout the input has.
    let copies = repeats.reduce(1) { min($0 * max($1, 1), 1 << 20) }
    if copies > 64, try lowering.tile(node.inputs[0], node.outputs[0], repeats: repeats) { return }
    guard copies <= 4096 else { throw cannotLower(node, "with \(copies) copies") }
    let counts = Shape(repeats)
    try lowering.place(
      (0..<copies).map { copy in
        (
          node.inputs[0],
          counts.strides.indices.map { copy / counts.strides[$0] % max(repeats[$0], 1) * shape[$0] }
        )
      }, node.outputs[0])
  }
}

extension Lowering {
  /// Copies of a value, `repeats` along each axis, row-major. False where that takes more loops than a walk has.
  fileprivate mutating func tile(_ input: String, _ output: String, repeats: [Int]) throws -> Bool {
    let encoding = movedEncoding(output)
    let (shape, result) = (try shape(of: input), try self.shape(of: output))
    // Two loops an axis: over its copies and over its elements.
    var walk = Walk(extents: [], strides: [[], []])
    for axis in shape.dims.indices {
      walk.extents += [repeats[axis], shape[axis]]
      walk.strides[0] += [0, shape.strides[axis]]
      walk.strides[1] += [shape[axis] * result.strides[axis], result.strides[axis]]
    }
    let collapsed = walk.collapsed
    guard collapsed.extents.count <= 8 else { return false }
    let source = try read(input, as: encoding, in: [.rowMajor]).buffer
    let target = try write(output, as: encoding, in: .rowMajor)
    let bytes = try elementBytes(output, encoding)
    append {
      MoveStep(
        name: $0, input: source, output: target, elementBytes: bytes, inputOffset: 0, outputOffset: 0, walk: collapsed)
    }
    return true
  }
}

extension Concat: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let rank = try lowering.shape(of: node.outputs[0]).rank
    let axis = try normalized(axis: axis, rank: rank)
    var start = 0
    var parts: [(String, [Int])] = []
    for name in node.inputs {
      var starts = [Int](repeating: 0, count: rank)
      starts[axis] = start
      parts.append((name, starts))
      start += try lowering.shape(of: name)[axis]
    }
    try lowering.place(parts, node.outputs[0])
  }
}

extension Gather: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let axis = try normalized(axis: axis, rank: shape.rank)
    let indexType = try lowering.type(of: node.inputs[1])
    // One constant index is a slice.
    if let picks = lowering.integers(node, 1), picks.count == 1, lowering.constant(node.inputs[0]) == nil {
      let pick = try checkedIndices(picks, of: shape[axis])[0]
      var starts = [Int](repeating: 0, count: shape.rank)
      starts[axis] = pick
      let before = (0..<axis).map { ($0, 1) as (axis: Int, step: Int)? }
      let after = (axis + 1..<shape.rank).map { ($0, 1) as (axis: Int, step: Int)? }
      return try lowering.select(
        node.inputs[0], node.outputs[0], starts: starts,
        axes: before + [(axis: Int, step: Int)?](repeating: nil, count: indexType.shape.rank) + after)
    }
    let encoding = lowering.quantized(node.outputs[0]) ?? .native
    let type = try lowering.type(of: node.inputs[0])
    var data: BufferID?
    var table: ConstantID?
    if let tensor = lowering.floatConstant(node.inputs[0]), encoding == .native {
      table = lowering.addConstant(tensor, "table")
    } else {
      data = try lowering.read(node.inputs[0], as: encoding, in: [.rowMajor]).buffer
    }
    let indices = try lowering.read(node.inputs[1], as: .native, in: [.rowMajor]).buffer
    let output = try lowering.write(node.outputs[0], as: encoding, in: .rowMajor)
    lowering.append {
      GatherStep(
        name: $0, data: data, table: table, indices: indices, indexBytes: indexType.dataType.byteCount,
        output: output, outer: shape.dims[..<axis].reduce(1, *), rows: shape[axis],
        inner: shape.dims[(axis + 1)...].reduce(1, *), picks: indexType.shape.count,
        elementBytes: encoding == .native ? type.dataType.byteCount : 1)
    }
  }
}
