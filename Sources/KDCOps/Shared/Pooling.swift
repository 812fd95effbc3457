import KDCDiagnostics
import KDCGraph
import KDCTensor

/// What the global pools share.
extension Operator {
  /// [N, C, 1…] for [N, C, spatial…]. Throws KDC2014 without spatial elements.
  func globalPoolShape(_ x: Shape) throws(Diagnostic) -> Shape {
    guard x.rank >= 3, !x.dims[2...].contains(0) else {
      throw shapeMismatch("X \(x) must have batch, channels and spatial elements")
    }
    return Shape(x.dims[..<2] + [Int](repeating: 1, count: x.rank - 2))
  }

  /// One value for each plane of [N, C, spatial…].
  func mapPlanes(_ values: [Float], of shape: Shape, _ body: (UnsafePointer<Float>, Int) -> Float) -> [Float] {
    let planes = shape[0] * shape[1]
    let count = shape.dims[2...].reduce(1, *)
    return values.withPointer { base in (0..<planes).map { body(base + $0 * count, count) } }
  }
}

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

extension Pooling {
  /// One output's window.
  struct Window {
    let row, column: Taps
    let dilationY, dilationX, width, planeSize: Int
    /// Of the output, over all planes.
    let index: Int
    var inside: Int { (row.end &- row.first) &* (column.end &- column.first) }
    var padded: Int { row.padded &* column.padded }

    /// The offsets in the plane of the elements inside the input, until `body` returns false.
    @inline(__always)
    func forEach(_ body: (Int) -> Bool) {
      for ky in row.first..<row.end {
        let line = (row.origin &+ ky &* dilationY) &* width &+ column.origin
        for kx in column.first..<column.end where !body(line &+ kx &* dilationX) { return }
      }
    }
  }

  /// The input's gradient: `add` adds to the plane of zeros what each window contributes.
  @inline(__always)
  func scatter(_ add: (Window, _ plane: Int, UnsafeMutablePointer<Float>) -> Void) -> Tensor {
    let (y, x) = axes.planar
    let (rows, columns) = (Self.taps(y), Self.taps(x))
    let pixels = y.input * x.input
    let planes = shape[0] * shape[1]
    let values = [Float](count: planes * pixels) { result in
      result.initialize(repeating: 0, count: planes * pixels)
      var index = 0
      for plane in 0..<planes {
        for row in rows {
          for column in columns {
            let window = Window(
              row: row, column: column, dilationY: y.dilation, dilationX: x.dilation, width: x.input,
              planeSize: pixels, index: index)
            add(window, plane, result + plane &* pixels)
            index &+= 1
          }
        }
      }
    }
    return Tensor(shape, values)
  }
}

/// A window over the axes behind the channels.
protocol Pool: Quantizable, ChannelPassing, UnaryScalePassing {}

extension Pool {
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.pass(node, mixing: { $0 >= 2 }) }

  func scaled(
    _ own: ScaledChannels, _ node: Node, _ shape: Shape, _ result: Shape, in graph: Graph
  ) -> [ScaledChannels?]? {
    own.axis == 1 ? [own] : nil
  }
}
