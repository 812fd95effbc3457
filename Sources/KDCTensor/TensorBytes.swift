extension Tensor {
  /// The elements in order, little endian; a Bool is one byte, 0 or 1.
  package var littleEndianBytes: [UInt8] {
    func raw<T>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { [UInt8]($0) } }
    return switch elements {
    case .float32(let v): raw(v)
    case .float64(let v): raw(v)
    case .float16(let v): raw(v)
    case .int8(let v): raw(v)
    case .uint8(let v): v
    case .int16(let v): raw(v)
    case .uint16(let v): raw(v)
    case .int32(let v): raw(v)
    case .uint32(let v): raw(v)
    case .int64(let v): raw(v)
    case .uint64(let v): raw(v)
    case .bool(let v): v.map { $0 ? 1 : 0 }
    }
  }

  /// A tensor of `type` from little-endian bytes; nil where their number does not fit.
  package init?(_ type: TensorType, littleEndianBytes bytes: [UInt8]) {
    guard bytes.count == type.byteCount else { return nil }
    func values<T: TensorElement>(_: T.Type) -> [T] {
      [T](unsafeUninitializedCapacity: type.shape.count) { target, count in
        UnsafeMutableRawBufferPointer(target).copyBytes(from: bytes)
        count = type.shape.count
      }
    }
    let elements: Elements =
      switch type.dataType {
      case .float32: .float32(values(Float.self))
      case .float64: .float64(values(Double.self))
      case .float16: .float16(values(Float16.self))
      case .int8: .int8(values(Int8.self))
      case .uint8: .uint8(bytes)
      case .int16: .int16(values(Int16.self))
      case .uint16: .uint16(values(UInt16.self))
      case .int32: .int32(values(Int32.self))
      case .uint32: .uint32(values(UInt32.self))
      case .int64: .int64(values(Int64.self))
      case .uint64: .uint64(values(UInt64.self))
      case .bool: .bool(bytes.map { $0 != 0 })
      }
    self.init(type.shape, elements)
  }
}
