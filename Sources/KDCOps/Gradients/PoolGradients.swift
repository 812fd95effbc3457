import KDCDiagnostics
import KDCTensor

extension MaxPool: Differentiable {
  /// The gradient goes to the first largest element of each window.
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let x = try inputs.floats(0)
    let y = try outputs.floats(0).values
    let pooling = Pooling(shape: x.shape, axes: try window.resolve(self, input: x.shape))
    return [
      x.values.withPointer { values in
        pooling.scatter { window, plane, result in
          let (source, largest) = (values + plane &* window.planeSize, y[window.index])
          window.forEach { at in
            guard source[at] == largest else { return true }
            result[at] += gradient[window.index]
            return false
          }
        }
      }
    ]
  }
}

extension AveragePool: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let shape = try inputs.required(0).shape
    let pooling = Pooling(shape: shape, axes: try window.resolve(self, input: shape))
    let countsPadding = countsPadding
    return [
      pooling.scatter { window, _, result in
        let share = gradient[window.index] / Float(max(1, countsPadding ? window.padded : window.inside))
        window.forEach { at in
          result[at] += share
          return true
        }
      }
    ]
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

extension GlobalAveragePool: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let shape = try inputs.required(0).shape
    let pixels = shape.dims[2...].reduce(1, *)
    let values = [Float](count: shape.count) { result in
      for (plane, value) in gradient.enumerated() {
        (result + plane * pixels).initialize(repeating: value / Float(pixels), count: pixels)
      }
    }
    return [Tensor(shape, values)]
  }
}

extension GlobalMaxPool: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let x = try inputs.floats(0)
    let y = try outputs.floats(0).values
    let pixels = x.shape.dims[2...].reduce(1, *)
    var values = [Float](repeating: 0, count: x.shape.count)
    for (plane, value) in gradient.enumerated() {
      let start = plane * pixels
      if let at = (start..<start + pixels).first(where: { x.values[$0] == y[plane] }) { values[at] = value }
    }
    return [Tensor(x.shape, values)]
  }
}
