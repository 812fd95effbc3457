import KDCDiagnostics
import KDCGraph
import KDCTensor

extension Graph {
  /// The graph for `count` samples at once: types, and the constants in which the batch 1 of the original stood.
  ///
  /// Inputs grow along their first dimension. Where a value has its batch follows from its shapes at 1 and at `count`;
  /// targets of Reshape, sizes of Resize, initial states of recurrent layers and constants that are concatenated or
  /// added grow with it. nil where a node or output cannot be batched so. That the result computes the same for each
  /// sample is not proven here: training compares.
  package func batched(_ count: Int) -> Graph? {
    var original = self
    guard count > 0, (try? original.inferTypes()) != nil else { return nil }
    guard count > 1 else { return original }
    var result = original
    for index in result.inputs.indices where initializers[result.inputs[index].name] == nil {
      guard let first = result.inputs[index].type.shape.dims.first, first > 0 else { return nil }
      result.inputs[index].type.shape.dims[0] = first * count
    }
    var repair = BatchRepair(original: original, result: result, count: count)
    do {
      for index in result.nodes.indices { try repair.node(index) }
    } catch {
      return nil
    }
    result = repair.result
    result.types = repair.types
    let isBatched = outputs.allSatisfy { name in
      guard let one = original.types[name]?.shape, let many = repair.types[name]?.shape, one.rank > 0 else {
        return false
      }
      return many.dims == [one[0] * count] + one.dims.dropFirst()
    }
    return isBatched ? result : nil
  }
}

/// An operator with constants in which the batch stands, or that meet values which have it.
package protocol BatchSized: Operator {
  /// Grows the constants of the node at `index` of the repaired graph.
  func grow(_ index: Int, in repair: inout BatchRepair) throws
}

/// Infers types at the new batch, node by node, and repairs a node's constants before.
package struct BatchRepair {
  let original: Graph
  fileprivate(set) var result: Graph
  let count: Int
  private(set) var types: [String: TensorType] = [:]

  fileprivate init(original: Graph, result: Graph, count: Int) {
    self.original = original
    self.result = result
    self.count = count
    for (name, tensor) in result.initializers { types[name] = tensor.type }
    for input in result.inputs where result.initializers[input.name] == nil { types[input.name] = input.type }
  }

  fileprivate mutating func node(_ index: Int) throws {
    let node = result.nodes[index]
    if let op = try Operators.decode(node) as? any BatchSized { try op.grow(index, in: &self) }
    let repaired = result.nodes[index]
    let inputs = try repaired.inputs.map { name -> OperatorInput? in
      guard !name.isEmpty else { return nil }
      guard let type = types[name] else { throw InternalError("'\(name)' has no type") }
      return OperatorInput(type: type, constant: result.initializers[name])
    }
    for (name, type) in zip(repaired.outputs, try Operators.decode(repaired).outputTypes(inputs)) where !name.isEmpty {
      types[name] = type
    }
  }

  /// The axis along which `name` has grown; nil for constants.
  func batchAxis(_ name: String) -> Int? {
    guard let one = original.types[name]?.shape, let many = types[name]?.shape, one.rank == many.rank else {
      return nil
    }
    return one.dims.indices.first { one[$0] != many[$0] }
  }

  /// The target becomes the whole shape, grown where the elements before it are as many as before the input's batch.
  mutating func reshape(_ index: Int) throws {
    let node = result.nodes[index]
    guard let data = node.input(0), let axis = batchAxis(data), let before = original.types[data]?.shape,
      let output = node.outputs.first, var target = original.types[output]?.shape
    else { return }
    let outer = before.dims[..<axis].reduce(1, *)
    let candidates = target.dims.indices.filter { target.dims[..<$0].reduce(1, *) == outer }
    guard let grown = candidates.first(where: { target[$0] == before[axis] }) ?? candidates.first else {
      throw InternalError("no axis of \(target) holds the batch")
    }
    target.dims[grown] *= count
    result.nodes[index].inputs[1] = result.addInitializer(
      output + "_shape", Tensor([target.rank], target.dims.map(Int64.init)))
    result.nodes[index].attributes["allowzero"] = nil
    note(result.nodes[index].inputs[1])
  }

  /// A list of sizes, one for each dimension of the data: the batch among them grows.
  mutating func growSizes(_ index: Int, input: Int) {
    let node = result.nodes[index]
    guard let data = node.input(0), let axis = batchAxis(data), let name = node.input(input),
      var sizes = result.initializers[name]?.int64s, axis < sizes.count
    else { return }
    sizes[axis] *= Int64(count)
    replace(index, input: input, by: Tensor([sizes.count], sizes))
  }

  /// A constant with one entry along `axis` is repeated.
  mutating func grow(_ index: Int, input: Int, axis: Int) {
    guard let name = result.nodes[index].input(input), let tensor = result.initializers[name],
      axis < tensor.shape.rank, tensor.shape[axis] == 1
    else { return }
    replace(index, input: input, by: tensor.repeated(count, axis: axis))
  }

  private mutating func replace(_ index: Int, input: Int, by tensor: Tensor) {
    let name = result.nodes[index].inputs[input]
    result.nodes[index].inputs[input] = result.addInitializer(name + "_batch", tensor)
    note(result.nodes[index].inputs[input])
  }

  private mutating func note(_ name: String) { types[name] = result.initializers[name]?.type }
}

extension Tensor {
  /// The tensor `count` times along `axis`.
  fileprivate func repeated(_ count: Int, axis: Int) -> Tensor {
    let inner = shape.dims[axis...].reduce(1, *)
    let values = asFloats
    var copies: [Float] = []
    copies.reserveCapacity(values.count * count)
    for start in stride(from: 0, to: values.count, by: max(inner, 1)) {
      for _ in 0..<count { copies += values[start..<start + inner] }
    }
    var dims = shape.dims
    dims[axis] *= count
    return Tensor(Shape(dims), copies).converted(to: dataType)
  }
}
