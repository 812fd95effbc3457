import KDCTensor

/// Element-wise change of type between float32, int32, int64, int8, uint8 and bool (one byte, 0 or 1).
///
/// Float to integer truncates toward zero and saturates, NaN gives 0; to bool is x ≠ 0; integers wrap.
package struct CastStep: Step {
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
  package var reads: [BufferID] { [input] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [] }
}

extension CastStep {
  package var detail: String { "\(from.rawValue) → \(to.rawValue)" }
  private static let types: [DataType] = [.float32, .int32, .int64, .int8, .uint8, .bool]

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

  private func load(_ x: UnsafeRawPointer, at i: Int) -> Int64 {
    switch from {
    case .int64: x.assumingMemoryBound(to: Int64.self)[i]
    case .int32: Int64(x.assumingMemoryBound(to: Int32.self)[i])
    case .int8: Int64(x.assumingMemoryBound(to: Int8.self)[i])
    case .bool: x.assumingMemoryBound(to: UInt8.self)[i] != 0 ? 1 : 0
    default: Int64(x.assumingMemoryBound(to: UInt8.self)[i])
    }
  }

  private func store(_ value: Int64, to y: UnsafeMutableRawPointer, at i: Int) {
    switch to {
    case .float32: y.assumingMemoryBound(to: Float.self)[i] = Float(value)
    case .int64: y.assumingMemoryBound(to: Int64.self)[i] = value
    case .int32: y.assumingMemoryBound(to: Int32.self)[i] = Int32(truncatingIfNeeded: value)
    case .bool: y.assumingMemoryBound(to: UInt8.self)[i] = value != 0 ? 1 : 0
    default: y.assumingMemoryBound(to: UInt8.self)[i] = UInt8(truncatingIfNeeded: value)
    }
  }

  private func store(_ value: Float, to y: UnsafeMutableRawPointer, at i: Int) {
    switch to {
    case .float32: y.assumingMemoryBound(to: Float.self)[i] = value
    case .bool: y.assumingMemoryBound(to: UInt8.self)[i] = value != 0 ? 1 : 0
    case .int64: store(Self.truncated(value, Int64.self), to: y, at: i)
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
