import KDCDiagnostics
import KDCTensor

/// A change of places of elements that does not look at their values: one generic body for every data type.
protocol Rearrangement {
  /// Fills `target` (uninitialised) completely from `source`.
  func move<T: TensorElement>(_ source: UnsafeBufferPointer<T>, to target: UnsafeMutableBufferPointer<T>)
}

extension Tensor {
  /// A tensor of `shape` with the elements `rearrangement` picks.
  func rearranged(to shape: Shape, _ rearrangement: some Rearrangement) -> Tensor {
    let count = shape.count
    func moved<T: TensorElement>(_ values: [T]) -> [T] {
      [T](unsafeUninitializedCapacity: count) { target, initialized in
        values.withUnsafeBufferPointer { source in
          rearrangement.move(source, to: UnsafeMutableBufferPointer(rebasing: target[..<count]))
        }
        initialized = count
      }
    }
    guard count > 0 else { return Tensor(shape, Numbers.signed([]).elements(as: dataType)) }
    let result: Elements =
      switch elements {
      case .float32(let v): .float32(moved(v))
      case .float64(let v): .float64(moved(v))
      case .float16(let v): .float16(moved(v))
      case .int8(let v): .int8(moved(v))
      case .uint8(let v): .uint8(moved(v))
      case .int16(let v): .int16(moved(v))
      case .uint16(let v): .uint16(moved(v))
      case .int32(let v): .int32(moved(v))
      case .uint32(let v): .uint32(moved(v))
      case .int64(let v): .int64(moved(v))
      case .uint64(let v): .uint64(moved(v))
      case .bool(let v): .bool(moved(v))
      }
    return Tensor(shape, result)
  }

  /// The view y[i₀, i₁, …] = x[offset + Σ iₖ·strides[k]] made dense.
  package func strided(offset: Int, strides: [Int], shape: Shape) -> Tensor {
    rearranged(to: shape, StridedView(offset: offset, strides: strides, dims: shape.dims))
  }

  /// y[i] = x[indices[i]] over the flat elements.
  package func picked(_ indices: [Int], shape: Shape) -> Tensor {
    rearranged(to: shape, Picks(indices: indices))
  }

  /// The positions `picks` of one axis, in that order.
  package func keeping(_ picks: [Int], axis: Int) -> Tensor {
    var result = shape
    result.dims[axis] = picks.count
    let (outer, inner) = (shape.dims[..<axis].reduce(1, *), shape.dims[(axis + 1)...].reduce(1, *))
    return rearranged(to: result, Rows(outer: outer, rows: shape[axis], inner: inner, picks: picks))
  }

  /// Broadcast to `shape`, to which it must fit.
  package func expanded(to shape: Shape) -> Tensor {
    shape == self.shape
      ? self : strided(offset: 0, strides: Broadcasting.strides(of: self.shape, over: shape), shape: shape)
  }

  /// The elements of `tensors`, all of one data type, one after the other, as a vector.
  static func chained(_ tensors: [Tensor]) throws -> Tensor {
    guard let first = tensors.first else { throw InternalError("nothing to chain") }
    let shape = Shape([tensors.reduce(0) { $0 + $1.count }])
    func chain<T>(_ read: (Elements) -> [T]?) throws -> [T] {
      var all: [T] = []
      all.reserveCapacity(shape.count)
      for tensor in tensors {
        guard let values = read(tensor.elements) else { throw InternalError("chained tensors differ in type") }
        all += values
      }
      return all
    }
    let elements: Elements =
      switch first.elements {
      case .float32: .float32(try chain { if case .float32(let v) = $0 { v } else { nil } })
      case .float64: .float64(try chain { if case .float64(let v) = $0 { v } else { nil } })
      case .float16: .float16(try chain { if case .float16(let v) = $0 { v } else { nil } })
      case .int8: .int8(try chain { if case .int8(let v) = $0 { v } else { nil } })
      case .uint8: .uint8(try chain { if case .uint8(let v) = $0 { v } else { nil } })
      case .int16: .int16(try chain { if case .int16(let v) = $0 { v } else { nil } })
      case .uint16: .uint16(try chain { if case .uint16(let v) = $0 { v } else { nil } })
      case .int32: .int32(try chain { if case .int32(let v) = $0 { v } else { nil } })
      case .uint32: .uint32(try chain { if case .uint32(let v) = $0 { v } else { nil } })
      case .int64: .int64(try chain { if case .int64(let v) = $0 { v } else { nil } })
      case .uint64: .uint64(try chain { if case .uint64(let v) = $0 { v } else { nil } })
      case .bool: .bool(try chain { if case .bool(let v) = $0 { v } else { nil } })
      }
    return Tensor(shape, elements)
  }
}

private struct Picks: Rearrangement {
  let indices: [Int]
  func move<T: TensorElement>(_ source: UnsafeBufferPointer<T>, to target: UnsafeMutableBufferPointer<T>) {
    for (at, index) in indices.enumerated() { target.initializeElement(at: at, to: source[index]) }
  }
}

private struct Rows: Rearrangement {
  let outer: Int, rows: Int, inner: Int
  let picks: [Int]

  func move<T: TensorElement>(_ source: UnsafeBufferPointer<T>, to target: UnsafeMutableBufferPointer<T>) {
    var at = 0
    for o in 0..<outer {
      for pick in picks {
        let from = (o * rows + pick) * inner
        _ = UnsafeMutableBufferPointer(rebasing: target[at..<at + inner]).initialize(from: source[from..<from + inner])
        at += inner
      }
    }
  }
}

private struct StridedView: Rearrangement {
  let offset: Int
  let strides: [Int]
  let dims: [Int]

  func move<T: TensorElement>(_ source: UnsafeBufferPointer<T>, to target: UnsafeMutableBufferPointer<T>) {
    let loops = StridedLoops(dims, strides)
    let (count, stride) = (loops.row.n, loops.row.a)
    loops.forEachRow { to, from, _ in
      let from = offset &+ from
      if stride == 1 {
        _ = UnsafeMutableBufferPointer(rebasing: target[to..<to + count]).initialize(from: source[from..<from + count])
      } else {
        for i in 0..<count { target.initializeElement(at: to &+ i, to: source[from &+ i &* stride]) }
      }
    }
  }
}
