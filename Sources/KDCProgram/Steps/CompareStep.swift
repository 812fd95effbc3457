import KDCTensor

/// Element-wise comparison of two tensors of one type with broadcasting; gives bool, a byte 0 or 1. `walk` operands:
/// [a, b, y], y dense.
///
/// Types: float32, where NaN equals nothing and is neither less nor greater; all integers; bool (any byte but 0 is true).
package struct CompareStep: PairStep, IntegerStep {
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
    case .float32: compare(&memory) { (x: Float) in x }
    case .bool: compare(&memory) { (x: UInt8) in x == 0 ? 0 : 1 as UInt8 }
    default: runIntegers(&memory)
    }
  }

  func run<T: FixedWidthInteger>(_ memory: inout Memory, _: T.Type) { compare(&memory) { (x: T) in x } }

  @inline(__always)
  private func compare<T: Comparable>(_ memory: inout Memory, _ value: (T) -> T) {
    switch operation {
    case .equal: combine(&memory) { (a: T, b: T) in value(a) == value(b) }
    case .greater: combine(&memory) { (a: T, b: T) in value(a) > value(b) }
    case .greaterOrEqual: combine(&memory) { (a: T, b: T) in value(a) >= value(b) }
    case .less: combine(&memory) { (a: T, b: T) in value(a) < value(b) }
    case .lessOrEqual: combine(&memory) { (a: T, b: T) in value(a) <= value(b) }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.require(type == .float32 || !type.isFloat, "no comparison of \(type.rawValue)")
    check.walk(walk, [(a, 0, type.byteCount), (b, 0, type.byteCount), (output, 0, 1)])
    check.require(output != a && output != b, "input and output are the same buffer")
  }
}
