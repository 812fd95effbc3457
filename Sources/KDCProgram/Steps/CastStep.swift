import KDCTensor

/// Element-wise change of type between float32, all integers and bool (one byte: 0, or anything else for true).
///
/// Float to integer truncates toward zero and saturates, NaN gives 0; to bool is x ≠ 0; integers wrap; from bool is 0 or 1.
package struct CastStep: UnaryStep {
  package static let kind = "cast"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var count: Int
  package var from: DataType
  package var to: DataType

  package init(name: String, input: BufferID, output: BufferID, count: Int, from: DataType, to: DataType) {
    self.name = name
    self.input = input
    self.output = output
    self.count = count
    self.from = from
    self.to = to
  }
}

extension CastStep {
  package var detail: String { "\(from.rawValue) → \(to.rawValue)" }
  /// The types it knows.
  package static let types = DataType.allCases.filter { $0 == .float32 || !$0.isFloat }

  package func run(_ memory: inout Memory) {
    let x = UnsafeRawPointer(memory.pointer(input, as: UInt8.self))
    let y = UnsafeMutableRawPointer(memory.pointer(output, as: UInt8.self))
    if from == .float32 {
      let x = x.assumingMemoryBound(to: Float.self)
      for i in 0..<count { store(x[i], to: y, at: i) }
    } else {
      for i in 0..<count { store(load(x, at: i), to: y, at: i) }
    }
  }

  /// Of uint64 the same bits.
  private func load(_ x: UnsafeRawPointer, at i: Int) -> Int64 {
    switch from {
    case .int8: Int64(x.assumingMemoryBound(to: Int8.self)[i])
    case .int16: Int64(x.assumingMemoryBound(to: Int16.self)[i])
    case .uint16: Int64(x.assumingMemoryBound(to: UInt16.self)[i])
    case .int32: Int64(x.assumingMemoryBound(to: Int32.self)[i])
    case .uint32: Int64(x.assumingMemoryBound(to: UInt32.self)[i])
    case .int64, .uint64: x.assumingMemoryBound(to: Int64.self)[i]
    case .bool: x.assumingMemoryBound(to: UInt8.self)[i] != 0 ? 1 : 0
    default: Int64(x.assumingMemoryBound(to: UInt8.self)[i])
    }
  }

  private func store(_ value: Int64, to y: UnsafeMutableRawPointer, at i: Int) {
    switch (to, to.byteCount) {
    case (.float32, _):
      y.assumingMemoryBound(to: Float.self)[i] = from == .uint64 ? Float(UInt64(bitPattern: value)) : Float(value)
    case (.bool, _): y.assumingMemoryBound(to: UInt8.self)[i] = value != 0 ? 1 : 0
    case (_, 8): y.assumingMemoryBound(to: Int64.self)[i] = value
    case (_, 4): y.assumingMemoryBound(to: Int32.self)[i] = Int32(truncatingIfNeeded: value)
    case (_, 2): y.assumingMemoryBound(to: Int16.self)[i] = Int16(truncatingIfNeeded: value)
    default: y.assumingMemoryBound(to: UInt8.self)[i] = UInt8(truncatingIfNeeded: value)
    }
  }

  private func store(_ value: Float, to y: UnsafeMutableRawPointer, at i: Int) {
    switch to {
    case .float32: y.assumingMemoryBound(to: Float.self)[i] = value
    case .bool: y.assumingMemoryBound(to: UInt8.self)[i] = value != 0 ? 1 : 0
    case .int64: store(Self.truncated(value, Int64.self), to: y, at: i)
    case .uint64: store(Int64(bitPattern: UInt64(Self.truncated(value, UInt64.self))), to: y, at: i)
    case .uint32: store(Int64(Self.truncated(value, UInt32.self)), to: y, at: i)
    case .int16: store(Int64(Self.truncated(value, Int16.self)), to: y, at: i)
    case .uint16: store(Int64(Self.truncated(value, UInt16.self)), to: y, at: i)
    case .int32: store(Int64(Self.truncated(value, Int32.self)), to: y, at: i)
    case .int8: store(Int64(Self.truncated(value, Int8.self)), to: y, at: i)
    default: store(Int64(Self.truncated(value, UInt8.self)), to: y, at: i)
    }
  }

  /// Toward zero, saturating; NaN gives 0.
  private static func truncated<T: FixedWidthInteger>(_ value: Float, _: T.Type) -> T {
    if value.isNaN { return 0 }
    // Float(T.max) may round up to 2^n: reaching it saturates.
    if value >= Float(T.max) { return .max }
    return value <= Float(T.min) ? .min : T(value)
  }

  package func check(_ check: inout StepCheck) {
    check.require(Self.types.contains(from) && Self.types.contains(to), "no cast \(from.rawValue) → \(to.rawValue)")
    check.buffer(input, count, bytes: from.byteCount, named: "input")
    check.buffer(output, count, bytes: to.byteCount, named: "output")
  }
}
