import KDCTensor

/// A tensor's elements in the type in which arithmetic is done: float16 widens to float32, integers and bool to
/// 64 bits. Results narrow again by rounding (floats) or wrapping (integers), as arithmetic in the narrow type would.
enum Numbers: Sendable {
  case float([Float])
  case double([Double])
  case signed([Int64])
  case unsigned([UInt64])
}

extension Tensor.Elements {
  var numbers: Numbers {
    switch self {
    case .float32(let v): .float(v)
    case .float64(let v): .double(v)
    case .float16(let v): .float(v.map { Float($0) })
    case .int8(let v): .signed(v.map { Int64($0) })
    case .uint8(let v): .signed(v.map { Int64($0) })
    case .int16(let v): .signed(v.map { Int64($0) })
    case .uint16(let v): .signed(v.map { Int64($0) })
    case .int32(let v): .signed(v.map { Int64($0) })
    case .uint32(let v): .signed(v.map { Int64($0) })
    case .int64(let v): .signed(v)
    case .uint64(let v): .unsigned(v)
    case .bool(let v): .signed(v.map { $0 ? 1 : 0 })
    }
  }
}

extension Numbers {
  /// The numbers as elements of `type`: floats to integers truncate toward zero and saturate, NaN gives 0; integers
  /// wrap; to bool is x ≠ 0.
  func elements(as type: DataType) -> Tensor.Elements {
    switch self {
    case .float(let v):
      if type == .float32 { return .float32(v) }
      return Self.fromFloats(v, type)
    case .double(let v): return Self.fromFloats(v, type)
    case .signed(let v):
      if type == .int64 { return .int64(v) }
      return Self.fromIntegers(v, type)
    case .unsigned(let v): return Self.fromIntegers(v, type)
    }
  }

  private static func fromFloats<T: BinaryFloatingPoint & TensorElement>(_ v: [T], _ type: DataType) -> Tensor.Elements
  {
    switch type {
    case .float32: .float32(v.map { Float($0) })
    case .float64: .float64(v.map { Double($0) })
    case .float16: .float16(v.map { Float16($0) })
    case .int8: .int8(v.map { saturated($0) })
    case .uint8: .uint8(v.map { saturated($0) })
    case .int16: .int16(v.map { saturated($0) })
    case .uint16: .uint16(v.map { saturated($0) })
    case .int32: .int32(v.map { saturated($0) })
    case .uint32: .uint32(v.map { saturated($0) })
    case .int64: .int64(v.map { saturated($0) })
    case .uint64: .uint64(v.map { saturated($0) })
    case .bool: .bool(v.map { $0 != 0 })
    }
  }

  private static func fromIntegers<T: FixedWidthInteger & TensorElement>(_ v: [T], _ type: DataType) -> Tensor.Elements
  {
    switch type {
    case .float32: .float32(v.map { Float($0) })
    case .float64: .float64(v.map { Double($0) })
    case .float16: .float16(v.map { Float16($0) })
    case .int8: .int8(v.map { Int8(truncatingIfNeeded: $0) })
    case .uint8: .uint8(v.map { UInt8(truncatingIfNeeded: $0) })
    case .int16: .int16(v.map { Int16(truncatingIfNeeded: $0) })
    case .uint16: .uint16(v.map { UInt16(truncatingIfNeeded: $0) })
    case .int32: .int32(v.map { Int32(truncatingIfNeeded: $0) })
    case .uint32: .uint32(v.map { UInt32(truncatingIfNeeded: $0) })
    case .int64: .int64(v.map { Int64(truncatingIfNeeded: $0) })
    case .uint64: .uint64(v.map { UInt64(truncatingIfNeeded: $0) })
    case .bool: .bool(v.map { $0 != 0 })
    }
  }

  private static func saturated<T: BinaryFloatingPoint, I: FixedWidthInteger>(_ value: T) -> I {
    if let exact = I(exactly: value.rounded(.towardZero)) { return exact }
    if value.isNaN { return 0 }
    return value < 0 ? I.min : I.max
  }
}

extension Numbers {
  /// The first number, nil where there is none or it is of another kind; for scalar operands.
  var firstFloat: Float? { if case .float(let v) = self { v.first } else { nil } }
  var firstDouble: Double? { if case .double(let v) = self { v.first } else { nil } }
  var firstSigned: Int64? { if case .signed(let v) = self { v.first } else { nil } }
  var firstUnsigned: UInt64? { if case .unsigned(let v) = self { v.first } else { nil } }
}

extension Tensor {
  /// The same values as elements of another type; see `Numbers.elements`.
  package func cast(to type: DataType) -> Tensor {
    type == dataType ? self : Tensor(shape, elements.numbers.elements(as: type))
  }
}
