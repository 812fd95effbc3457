import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Names of the samples of values, which are values of their own while a batch is lowered sample by sample.
struct SampledValues {
  struct Key: Hashable {
    var value: String
    var axis: Int
  }
  struct Origin {
    var value: String
    var axis: Int
    var index: Int
  }
  var names: [Key: [String]] = [:]
  var origins: [String: Origin] = [:]
}

extension Lowering {
  /// Where the samples of a node lie that is to be lowered sample by sample: its steps take one only, or it goes on with
  /// what others have left in samples.
  func samples(of node: Node, _ op: any Operator) throws -> SampleAxes? {
    let isSingle = op is any PerSample
    let found: SampleAxes?
    switch op {
    case let op as any PerSample: found = try op.sampleAxes(node, in: self)
    case is any Elementwise: found = try elementwiseSamples(node)
    default: found = nil
    }
    guard let axes = found, axes.count > 1 else { return nil }
    let isCut = zip(node.inputs, axes.inputs).contains { name, axis in axis.map { isInSamples(name, $0) } ?? false }
    return isSingle || isCut ? axes : nil
  }

  /// Operands of the result's rank have their samples where it has them, unless they are repeated.
  private func elementwiseSamples(_ node: Node) throws -> SampleAxes? {
    guard node.outputs.count == 1, let rank = graph.types[node.outputs[0]]?.shape.rank, rank > 0 else { return nil }
    let count = try shape(of: node.outputs[0])[0]
    let inputs = try node.inputs.map { name -> Int? in
      guard !name.isEmpty else { return nil }
      let own = try shape(of: name)
      return own.rank == rank && own[0] == count ? 0 : nil
    }
    return SampleAxes(inputs: inputs, outputs: [0], count: count)
  }

  /// The steps of a node, for one sample after the other. Results are put together, which costs nothing where only
  /// operators that go on with samples read them: those steps are dropped as dead.
  mutating func lowerSamples(_ node: Node, _ op: any Lowerable, _ axes: SampleAxes) throws {
    for (name, axis) in zip(node.inputs, axes.inputs) {
      if let axis, !name.isEmpty { try nameSamples(of: name, axis, axes.count) }
    }
    for (name, axis) in zip(node.outputs, axes.outputs) where !name.isEmpty {
      try nameSamples(of: name, axis, axes.count)
    }
    for index in 0..<axes.count {
      var single = node
      func sample(_ name: String, _ axis: Int?) -> String {
        axis.flatMap { sampledValues.names[SampledValues.Key(value: name, axis: $0)] }?[index] ?? name
      }
      single.inputs = zip(node.inputs, axes.inputs).map(sample)
      single.outputs = zip(node.outputs, axes.outputs).map { sample($0, $1) }
      try op.lower(single, into: &self)
    }
    for (name, axis) in zip(node.outputs, axes.outputs) where isUsed(name) { try join(name, axis) }
  }

  private func isInSamples(_ name: String, _ axis: Int) -> Bool {
    guard let first = sampledValues.names[SampledValues.Key(value: name, axis: axis)]?.first else { return false }
    return !forms(of: first).isEmpty
  }

  /// Types and, if the value is constant, elements of its samples.
  private mutating func nameSamples(of name: String, _ axis: Int, _ count: Int) throws {
    let key = SampledValues.Key(value: name, axis: axis)
    guard sampledValues.names[key] == nil else { return }
    let type = try type(of: name)
    var shape = type.shape
    guard axis < shape.rank, shape[axis] == count else {
      throw InternalError("'\(name)' \(type) has no \(count) samples along axis \(axis)")
    }
    shape.dims[axis] = 1
    let whole = constant(name)
    sampledValues.names[key] = (0..<count).map { index in
      var sample = "\(name)[\(index)]"
      while graph.types[sample] != nil { sample += "'" }
      let part = whole.map { tensor in
        tensor.strided(offset: index * tensor.shape.strides[axis], strides: tensor.shape.strides, shape: shape)
      }
      add(sample, TensorType(type.dataType, shape), like: name, constant: part)
      sampledValues.origins[sample] = SampledValues.Origin(value: name, axis: axis, index: index)
      return sample
    }
  }

  /// One sample of a value that has none of its own yet, taken from the whole.
  mutating func cut(_ sample: String, from origin: SampledValues.Origin, _ encoding: Encoding, _ layouts: [Layout]?)
    throws
    -> Form
  {
    let form = try read(origin.value, as: encoding, in: layouts)
    let bytes = try elementBytes(origin.value, encoding)
    let strides = form.layout.strides(of: try shape(of: origin.value))
    let shape = try shape(of: sample)
    let buffer = try write(sample, as: encoding, in: form.layout)
    append {
      MoveStep(
        name: $0, input: form.buffer, output: buffer, elementBytes: bytes,
        inputOffset: origin.index * strides[origin.axis], outputOffset: 0,
        walk: .filling(shape, form.layout, reading: [strides]))
    }
    return Form(encoding: encoding, layout: form.layout.normalized(for: shape), buffer: buffer)
  }

  /// The whole value from its samples, in the form that these have.
  private mutating func join(_ name: String, _ axis: Int) throws {
    guard let samples = sampledValues.names[SampledValues.Key(value: name, axis: axis)],
      let first = forms(of: samples[0]).first
    else { throw InternalError("'\(name)' has no samples") }
    var layout = first.layout
    if case .reshaped = layout { layout = .rowMajor }
    var parts: [Form] = []
    for sample in samples { parts.append(try read(sample, as: first.encoding, in: [layout])) }
    let target = try write(name, as: first.encoding, in: layout)
    let bytes = try elementBytes(name, first.encoding)
    let strides = layout.strides(of: try shape(of: name))
    let shape = try shape(of: samples[0])
    let order = layout.order(rank: shape.rank)
    let own = layout.strides(of: shape)
    let walk = Walk(
      extents: order.map { shape[$0] }, strides: [order.map { own[$0] }, order.map { strides[$0] }]
    ).collapsed
    for (index, part) in parts.enumerated() {
      append {
        MoveStep(
          name: $0, input: part.buffer, output: target, elementBytes: bytes, inputOffset: 0,
          outputOffset: index * strides[axis], walk: walk)
      }
    }
  }
}
