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

  /// Calls `body` with each row's first element, the distance of its elements, and their count.
  func forEachRow(in values: inout [Float], _ body: (UnsafeMutablePointer<Float>, Int, Int) -> Void) {
    values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress, count > 0 else { return }
      for o in 0..<outer {
        for i in 0..<inner { body(base + (o &* count &* inner &+ i), inner, count) }
      }
    }
  }
}

extension AxisSplit {
  /// A tensor whose rows are made from those of two arrays: `body` gets the first element of each row, the distance of its
  /// elements, and their count.
  func rows(
    _ shape: Shape, _ a: [Float], _ b: [Float],
    _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Int) -> Void
  ) -> Tensor {
    let values = [Float](count: outer * count * inner) { result in
      a.withPointer { a in
        b.withPointer { b in
          for o in 0..<outer {
            for i in 0..<inner {
              let start = o &* count &* inner &+ i
              body(a + start, b + start, result + start, inner, count)
            }
          }
        }
      }
    }
    return Tensor(shape, values)
  }
}
