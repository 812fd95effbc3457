import KDCTensor

/// Element-wise comparison of two tensors of one type with broadcasting; gives bool, a byte 0 or 1. `walk` operands:
/// [a, b, y], y dense.
///
/// Types: float32, where NaN equals nothing and is neither less nor greater; all integers; bool (any byte but 0 is true).
package struct CompareStep: BinaryStep {
  package static let kind = "compare"
  package enum Operation: String, Sendable, Codable, CaseIterable {
    case equal, greater, greaterOrEqual, less, lessOrEqual
  }
  package var name: String
  package var operation: Operation
  package var type: DataType
  package var a: BufferID
  package var b: BufferID
  package var output: BufferID
  package var walk: Walk

  package init(
    name: String, operation: Operation, type: DataType, a: BufferID, b: BufferID, output: BufferID, walk: Walk
  ) {
    self.name = name
    self.operation = operation
    self.type = type
    self.a = a
    self.b = b
    self.output = output
    self.walk = walk
  }
}

extension CompareStep {
  package var detail: String { "\(operation.rawValue) of \(type.rawValue)" }

  package func run(_ memory: inout Memory) {
    switch type {
    case .float32: run(&memory) { (x: Float) in x }
    case .bool: run(&memory) { (x: UInt8) in x == 0 ? 0 : 1 as UInt8 }
    case .int8: run(&memory) { (x: Int8) in x }
    case .uint8: run(&memory) { (x: UInt8) in x }
    case .int16: run(&memory) { (x: Int16) in x }
    case .uint16: run(&memory) { (x: UInt16) in x }
    case .int32: run(&memory) { (x: Int32) in x }
    case .uint32: run(&memory) { (x: UInt32) in x }
    case .int64: run(&memory) { (x: Int64) in x }
    case .uint64: run(&memory) { (x: UInt64) in x }
    case .float64, .float16: break
    }
  }

  @inline(__always)
  private func run<T: Comparable>(_ memory: inout Memory, _ value: (T) -> T) {
    switch operation {
    case .equal: compare(&memory) { value($0) == value($1) }
    case .greater: compare(&memory) { value($0) > value($1) }
    case .greaterOrEqual: compare(&memory) { value($0) >= value($1) }
    case .less: compare(&memory) { value($0) < value($1) }
    case .lessOrEqual: compare(&memory) { value($0) <= value($1) }
    }
  }

  @inline(__always)
  private func compare<T>(_ memory: inout Memory, _ holds: (T, T) -> Bool) {
    let a = UnsafePointer(memory.pointer(a, as: T.self))
    let b = UnsafePointer(memory.pointer(b, as: T.self))
    let y = memory.pointer(output, as: UInt8.self)
    let (strideA, strideB) = (walk.innerStride(0), walk.innerStride(1))
    let count = walk.innerCount
    walk.forEachRun { offsets in
      let (a, b, y) = (a + offsets[0], b + offsets[1], y + offsets[2])
      for i in 0..<count { y[i] = holds(a[i &* strideA], b[i &* strideB]) ? 1 : 0 }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.require(type == .float32 || !type.isFloat, "no comparison of \(type.rawValue)")
    check.walk(walk, [(a, 0, type.byteCount), (b, 0, type.byteCount), (output, 0, 1)])
    check.require(output != a && output != b, "input and output are the same buffer")
  }
}
