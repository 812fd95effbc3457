import KDCDiagnostics
import KDCTensor

/// A shape seen as [outer, count, inner] around one axis: row (o, i) has `count` elements, `inner` apart.
struct AxisSplit {
  let outer: Int
  let count: Int
  let inner: Int

  /// With `flattens`, all axes from `axis` on form the row. Throws KDC2011 for an axis outside the shape.
  init(_ op: some Operator, axis: Int, of shape: Shape, flattens: Bool = false) throws(Diagnostic) {
    // The flattening form allows axis = rank: rows of one element.
    let start = flattens && axis == shape.rank ? axis : try op.normalized(axis: axis, rank: shape.rank)
    outer = shape.dims[..<start].reduce(1, *)
    count = flattens ? shape.dims[start...].reduce(1, *) : shape.dims[start]
    inner = flattens ? 1 : shape.dims[(start + 1)...].reduce(1, *)
  }

  /// Calls `body` with each row's first element, its index, the distance of its elements, and their count.
  func forEachRow(in values: inout [Float], _ body: (UnsafeMutablePointer<Float>, Int, Int, Int) -> Void) {
    values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress, count > 0 else { return }
      for o in 0..<outer {
        for i in 0..<inner {
          let start = o &* count &* inner &+ i
          body(base + start, start, inner, count)
        }
      }
    }
  }
}
