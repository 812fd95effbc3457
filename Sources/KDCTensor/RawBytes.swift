/// Elements to and from little-endian bytes, as npy files, bundles and program memory hold them.
extension Tensor.Elements {
  /// `bytes` has a whole number of elements; a bool is true where its byte is not 0.
  package init(littleEndian bytes: [UInt8], as type: DataType) {
    func load<T: BitwiseCopyable>(_: T.Type) -> [T] {
      let count = bytes.count / MemoryLayout<T>.stride
      return [T](unsafeUninitializedCapacity: count) { target, filled in
        bytes.withUnsafeBytes { source in
          UnsafeMutableRawBufferPointer(target).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: source[..<(count * MemoryLayout<T>.stride)]))
        }
        filled = count
      }
    }
    self =
      switch type {
      case .float32: .float32(load(Float.self))
      case .float64: .float64(load(Double.self))
      case .float16: .float16(load(Float16.self))
      case .int8: .int8(load(Int8.self))
      case .uint8: .uint8(bytes)
      case .int16: .int16(load(Int16.self))
      case .uint16: .uint16(load(UInt16.self))
      case .int32: .int32(load(Int32.self))
      case .uint32: .uint32(load(UInt32.self))
      case .int64: .int64(load(Int64.self))
      case .uint64: .uint64(load(UInt64.self))
      // Any non-zero byte is true; a Bool of another bit pattern would be undefined.
      case .bool: .bool(bytes.map { $0 != 0 })
      }
  }

  package var littleEndian: [UInt8] {
    func store<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
    return switch self {
    case .float32(let v): store(v)
    case .float64(let v): store(v)
    case .float16(let v): store(v)
    case .int8(let v): store(v)
    case .uint8(let v): v
    case .int16(let v): store(v)
    case .uint16(let v): store(v)
    case .int32(let v): store(v)
    case .uint32(let v): store(v)
    case .int64(let v): store(v)
    case .uint64(let v): store(v)
    case .bool(let v): v.map { $0 ? 1 : 0 }
    }
  }
}
