import KDCTensor

/// A step whose arithmetic is that of its integer type, whichever it is.
protocol IntegerStep: Step {
  var type: DataType { get }
  func run<T: FixedWidthInteger>(_ memory: inout Memory, _: T.Type)
}

extension IntegerStep {
  /// Runs on the type, bool as uint8; nothing where it is a float type.
  @inline(__always)
  func runIntegers(_ memory: inout Memory) {
    switch type {
    case .int8: run(&memory, Int8.self)
    case .uint8, .bool: run(&memory, UInt8.self)
    case .int16: run(&memory, Int16.self)
    case .uint16: run(&memory, UInt16.self)
    case .int32: run(&memory, Int32.self)
    case .uint32: run(&memory, UInt32.self)
    case .int64: run(&memory, Int64.self)
    case .uint64: run(&memory, UInt64.self)
    case .float32, .float64, .float16: break
    }
  }
}
