import KDCTensor

/// Windows over [N, C, spatial…] images, cut at the borders.
struct Pooling {
  let shape: Shape
  let axes: [SpatialWindow.Axis]

  /// Taps of output position `o` that lie in −padBegin ..< input + padEnd, and those that lie in the input.
  struct Taps {
    /// First tap inside the input, one past the last, and the input position of tap 0.
    var first, end, origin: Int
    /// Taps inside the input or its padding.
    var padded: Int
  }

  static func taps(_ axis: SpatialWindow.Axis) -> [Taps] {
    (0..<axis.output).map { o in
      let origin = o * axis.stride - axis.padBegin
      let first = origin >= 0 ? 0 : (axis.dilation - 1 - origin) / axis.dilation
      func end(_ limit: Int) -> Int {
        min(axis.kernel, max(0, (limit - origin + axis.dilation - 1) / axis.dilation))
      }
      return Taps(first: first, end: max(first, end(axis.input)), origin: origin, padded: end(axis.input + axis.padEnd))
    }
  }

  /// One value per window: `start`, then `combine` over its elements, then `finish` with the number of elements in the
  /// input and in the input with padding.
  @inline(__always)
  func map(
    _ values: [Float], threads: Threads, start: Float, combine: (Float, Float) -> Float,
    finish: (Float, _ inside: Int, _ padded: Int) -> Float
  ) -> Tensor {
    let (y, x) = axes.planar
    let (rows, columns) = (Self.taps(y), Self.taps(x))
    let planes = shape[0] * shape[1]
    let (inputPixels, outputPixels) = (y.input * x.input, y.output * x.output)
    let result = [Float](count: planes * outputPixels) { output in
      values.withPointer { values in
        parallelFor(planes, threads: threads) { plane in
          let source = values + plane * inputPixels
          var target = output + plane * outputPixels
          for row in rows {
            for column in columns {
              var value = start
              for ky in row.first..<row.end {
                let line = source + (row.origin &+ ky &* y.dilation) &* x.input
                for kx in column.first..<column.end {
                  value = combine(value, line[column.origin &+ kx &* x.dilation])
                }
              }
              let inside = (row.end &- row.first) &* (column.end &- column.first)
              target.pointee = finish(value, inside, row.padded &* column.padded)
              target += 1
            }
          }
        }
      }
    }
    return Tensor(Shape([shape[0], shape[1]] + axes.map(\.output)), result)
  }
}
