import KDCDiagnostics
import KDCGraph
import KDCProgram

extension Lowering {
  func elementBytes(_ name: String, _ encoding: Encoding) throws -> Int {
    encoding == .native ? try type(of: name).dataType.byteCount : 1
  }

  /// The same elements under another shape: no step, unless the encoding changes or a layout does not allow it.
  mutating func view(_ input: String, _ output: String) throws {
    let encoding = self.encoding(of: output)
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
    let encoding = self.encoding(of: output)
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
    let encoding = self.encoding(of: output)
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
    node.input(index).flatMap { constant($0)?.integers }
  }
}
