/// Rows (index along the first dimension) and conversions between number types.
extension Tensor {
  /// Elements `range` in row-major order as a tensor of `shape`, which has as many.
  package func slice(_ range: Range<Int>, as shape: Shape) -> Tensor {
    switch elements {
    case .float32(let v): Tensor(shape, .float32(Array(v[range])))
    case .float64(let v): Tensor(shape, .float64(Array(v[range])))
    case .float16(let v): Tensor(shape, .float16(Array(v[range])))
    case .int8(let v): Tensor(shape, .int8(Array(v[range])))
    case .uint8(let v): Tensor(shape, .uint8(Array(v[range])))
    case .int16(let v): Tensor(shape, .int16(Array(v[range])))
    case .uint16(let v): Tensor(shape, .uint16(Array(v[range])))
    case .int32(let v): Tensor(shape, .int32(Array(v[range])))
    case .uint32(let v): Tensor(shape, .uint32(Array(v[range])))
    case .int64(let v): Tensor(shape, .int64(Array(v[range])))
    case .uint64(let v): Tensor(shape, .uint64(Array(v[range])))
    case .bool(let v): Tensor(shape, .bool(Array(v[range])))
    }
  }

  /// Every element as Float, rounded to nearest; bools are 0 and 1.
  package var asFloats: [Float] {
    switch elements {
    case .float32(let v): v
    case .float64(let v): v.map(Float.init)
    case .float16(let v): v.map(Float.init)
    case .int8(let v): v.map(Float.init)
    case .uint8(let v): v.map(Float.init)
    case .int16(let v): v.map(Float.init)
    case .uint16(let v): v.map(Float.init)
    case .int32(let v): v.map(Float.init)
    case .uint32(let v): v.map(Float.init)
    case .int64(let v): v.map(Float.init)
    case .uint64(let v): v.map(Float.init)
    case .bool(let v): v.map { $0 ? 1 : 0 }
    }
  }

  /// Every element as Int, floats truncated toward zero and saturated, NaN as 0.
  package var asInts: [Int] {
    func truncate(_ value: Double) -> Int {
      value.isNaN ? 0 : Int(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
    }
    return switch elements {
    case .float32(let v): v.map { truncate(Double($0)) }
    case .float64(let v): v.map(truncate)
    case .float16(let v): v.map { truncate(Double($0)) }
    case .int8(let v): v.map(Int.init)
    case .uint8(let v): v.map(Int.init)
    case .int16(let v): v.map(Int.init)
    case .uint16(let v): v.map(Int.init)
    case .int32(let v): v.map(Int.init)
    case .uint32(let v): v.map(Int.init)
    case .int64(let v): v.map { Int($0) }
    case .uint64(let v): v.map { Int(clamping: $0) }
    case .bool(let v): v.map { $0 ? 1 : 0 }
    }
  }

  /// The same numbers as another data type: to floats rounded to nearest, to integers truncated and saturated.
  package func converted(to type: DataType) -> Tensor {
    guard type != dataType else { return self }
    let elements: Elements =
      switch type {
      case .float32: .float32(asFloats)
      case .float64: .float64(asFloats.map(Double.init))
      case .float16: .float16(asFloats.map(Float16.init))
      case .int8: .int8(asInts.map { Int8(clamping: $0) })
      case .uint8: .uint8(asInts.map { UInt8(clamping: $0) })
      case .int16: .int16(asInts.map { Int16(clamping: $0) })
      case .uint16: .uint16(asInts.map { UInt16(clamping: $0) })
      case .int32: .int32(asInts.map { Int32(clamping: $0) })
      case .uint32: .uint32(asInts.map { UInt32(clamping: $0) })
      case .int64: .int64(asInts.map { Int64($0) })
      case .uint64: .uint64(asInts.map { UInt64(clamping: $0) })
      case .bool: .bool(asFloats.map { $0 != 0 })
      }
    return Tensor(shape, elements)
  }
}
