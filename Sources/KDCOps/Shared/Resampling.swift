import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Where the output elements of one axis come from: y[o] = x[lower[o]] · (1 − weight[o]) + x[upper[o]] · weight[o].
package struct Resampling: Sendable, Equatable {
  package let axis: Int
  package private(set) var lower: [Int] = []
  package private(set) var upper: [Int] = []
  package private(set) var weight: [Float] = []
  package var count: Int { lower.count }

  init(axis: Int) { self.axis = axis }

  mutating func append(_ lower: Int, _ upper: Int, weight: Float) {
    self.lower.append(lower)
    self.upper.append(upper)
    self.weight.append(weight)
  }

  static func unchanged(axis: Int, _ size: Int) -> Resampling {
    var table = Resampling(axis: axis)
    for position in 0..<size { table.append(position, position, weight: 0) }
    return table
  }

  /// f where output o is input o / f, nothing mixed.
  func wholeFactor(from size: Int) -> Int? {
    let factor = count / max(size, 1)
    guard factor * size == count, weight.allSatisfy({ $0 == 0 }) else { return nil }
    return lower.indices.allSatisfy { lower[$0] == $0 / factor } ? factor : nil
  }
}

extension Operator {
  /// The tables become rows and columns of an image.
  func lowerResampling(_ node: Node, _ tables: [Resampling], into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    guard shape.rank == 4 || shape.rank == 3, shape[0] == 1, tables.allSatisfy({ $0.axis >= 2 }) else {
      throw cannotLower(node, "of \(shape) along axes other than rows and columns of one image")
    }
    if try lowering.type(of: node.inputs[0]).dataType != .float32 { throw cannotLower(node, "of integers") }
    func table(_ axis: Int) -> Resampling {
      tables.first { $0.axis == axis } ?? .unchanged(axis: axis, shape[axis])
    }
    try lowering.resize(
      node.inputs[0], node.outputs[0], rows: shape.rank == 4 ? table(2) : .unchanged(axis: 1, 1),
      columns: table(shape.rank - 1))
  }
}

extension Tensor {
  /// Resampled along the tables' axes, one after the other. Without `blending` the weights are 0, and elements of any type
  /// are picked.
  func resampled(by tables: [Resampling], blending: Bool) throws -> Tensor {
    try tables.reduce(self) { try blending ? $0.blended(by: $1) : $0.picked(by: $1) }
  }

  private func picked(by table: Resampling) -> Tensor {
    let (outer, count, inner) = shape.split(at: table.axis)
    var indices: [Int] = []
    indices.reserveCapacity(outer * table.count * inner)
    for o in 0..<outer {
      for source in table.lower {
        let start = (o * count + source) * inner
        for i in 0..<inner { indices.append(start + i) }
      }
    }
    return picked(indices, shape: shape.replacing(table.axis, by: table.count))
  }

  private func blended(by table: Resampling) throws -> Tensor {
    guard let values = floats else { throw InternalError("linear resampling of \(type)") }
    let (outer, count, inner) = shape.split(at: table.axis)
    let shape = shape.replacing(table.axis, by: table.count)
    let result = [Float](count: shape.count) { result in
      values.withPointer { values in
        var target = result
        for o in 0..<outer {
          let block = values + o * count * inner
          for position in 0..<table.count {
            let (low, high) = (block + table.lower[position] * inner, block + table.upper[position] * inner)
            let weight = table.weight[position]
            for i in 0..<inner { target[i] = low[i] * (1 - weight) + high[i] * weight }
            target += inner
          }
        }
      }
    }
    return Tensor(shape, result)
  }

  /// The transpose of resampling along the tables' axes, which may be applied in any order.
  func unresampled(by tables: [Resampling], to shape: Shape) throws -> Tensor {
    var result = self
    for table in tables {
      guard let values = result.floats else { throw InternalError("gradient of \(type)") }
      var dims = result.shape.dims
      let (size, count) = (dims[table.axis], shape[table.axis])
      dims[table.axis] = count
      let inner = dims[(table.axis + 1)...].reduce(1, *)
      var sums = [Float](repeating: 0, count: Shape(dims).count)
      for o in 0..<dims[..<table.axis].reduce(1, *) {
        for position in 0..<size {
          let source = (o * size + position) * inner
          let weight = table.weight[position]
          let (low, high) = ((o * count + table.lower[position]) * inner, (o * count + table.upper[position]) * inner)
          for i in 0..<inner {
            sums[low &+ i] += values[source &+ i] * (1 - weight)
            if weight != 0 { sums[high &+ i] += values[source &+ i] * weight }
          }
        }
      }
      result = Tensor(Shape(dims), sums)
    }
    return result
  }
}

extension Shape {
  /// The shape seen as [outer, count, inner] around an axis.
  fileprivate func split(at axis: Int) -> (outer: Int, count: Int, inner: Int) {
    (dims[..<axis].reduce(1, *), dims[axis], dims[(axis + 1)...].reduce(1, *))
  }

  fileprivate func replacing(_ axis: Int, by size: Int) -> Shape {
    var copy = self
    copy.dims[axis] = size
    return copy
  }
}

extension ChannelTrace {
  /// Axes that are not resampled pass.
  mutating func resample(_ node: Node) {
    let (from, to) = (shape(of: node.inputs[0]), shape(of: node.outputs[0]))
    let scales = node.inputs.dropFirst().compactMap { graph.initializers[$0]?.floats }.first { $0.count == from.rank }
    let listsAxes = node.attributes["axes"] != nil
    pass(node, mixing: { axis in from[axis] != to[axis] || listsAxes || scales.map { $0[axis] != 1 } ?? false })
  }
}
