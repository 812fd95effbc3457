import KDCDiagnostics
import KDCTensor

/// Multidirectional (numpy) broadcasting: shapes are aligned at their last dimensions; a dimension of 1 repeats.
package enum Broadcasting {
  /// The common shape, or nil where two dimensions differ and neither is 1.
  package static func shape(of shapes: [Shape]) -> Shape? {
    var dims = [Int](repeating: 1, count: shapes.map(\.rank).max() ?? 0)
    for shape in shapes {
      for (axis, dim) in zip(dims.count - shape.rank..<dims.count, shape.dims) where dim != 1 {
        guard dims[axis] == 1 || dims[axis] == dim else { return nil }
        dims[axis] = dim
      }
    }
    return Shape(dims)
  }

  /// Strides, in elements, with which a tensor of `shape` is read over `target`; 0 where it repeats.
  package static func strides(of shape: Shape, over target: Shape) -> [Int] {
    let own = shape.strides
    let missing = target.rank - shape.rank
    return target.dims.indices.map { axis in
      axis < missing || shape.dims[axis - missing] == 1 ? 0 : own[axis - missing]
    }
  }
}

extension Operator {
  /// The broadcast shape of `shapes`. Throws KDC2014.
  func broadcast(_ shapes: [Shape]) throws(Diagnostic) -> Shape {
    guard let shape = Broadcasting.shape(of: shapes) else {
      throw shapeMismatch(
        "shapes \(shapes.map(\.description).joined(separator: " and ")) do not broadcast",
        hint: "aligned at the last dimension, each pair of dimensions must be equal or one of them 1")
    }
    return shape
  }

  /// `count` or more required inputs of one data type out of `allowed`. Throws KDC2012 or KDC2015.
  func sameTypes(
    _ inputs: [OperatorInput?], atLeast count: Int, allowed: (DataType) -> Bool = { $0 != .bool }
  ) throws(Diagnostic) -> (dataType: DataType, shapes: [Shape]) {
    let first = try required(inputs, 0, "A").type
    var shapes: [Shape] = []
    for index in 0..<max(count, inputs.count) {
      let type = try required(inputs, index, "\(index)").type
      guard type.dataType == first.dataType else {
        throw typeMismatch(
          "input 0 is \(first) and input \(index) is \(type)", hint: "all inputs must have one data type; add a Cast")
      }
      shapes.append(type.shape)
    }
    guard allowed(first.dataType) else { throw typeMismatch("is not defined for \(first.dataType.rawValue)") }
    return (first.dataType, shapes)
  }
}

/// y[i] = f(a[i], b[i]) with both operands broadcast to `shape`, row-major.
func broadcastMap<A: TensorElement, B: TensorElement, R: TensorElement>(
  _ a: [A], _ aShape: Shape, _ b: [B], _ bShape: Shape, to shape: Shape, _ f: (A, B) -> R
) -> [R] {
  let count = shape.count
  guard count > 0 else { return [] }
  let loops = StridedLoops(
    shape.dims, Broadcasting.strides(of: aShape, over: shape), Broadcasting.strides(of: bShape, over: shape))
  return [R](unsafeUninitializedCapacity: count) { out, initialized in
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        guard let y = out.baseAddress, let a = a.baseAddress, let b = b.baseAddress else { return }
        loops.forEachRow { applyRow(y + $0, a + $1, b + $2, loops.row, f) }
      }
    }
    initialized = count
  }
}

@inline(__always)
private func applyRow<A, B, R>(
  _ y: UnsafeMutablePointer<R>, _ a: UnsafePointer<A>, _ b: UnsafePointer<B>, _ loop: (n: Int, a: Int, b: Int),
  _ f: (A, B) -> R
) {
  switch (loop.a, loop.b) {
  case (1, 1): for i in 0..<loop.n { (y + i).initialize(to: f(a[i], b[i])) }
  case (1, 0): for i in 0..<loop.n { (y + i).initialize(to: f(a[i], b[0])) }
  case (0, 1): for i in 0..<loop.n { (y + i).initialize(to: f(a[0], b[i])) }
  default: for i in 0..<loop.n { (y + i).initialize(to: f(a[i &* loop.a], b[i &* loop.b])) }
  }
}
