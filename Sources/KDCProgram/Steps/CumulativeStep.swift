import KDCTensor

/// Running sum or product along the middle axis of [outer, count, inner], from its first element, or `reversed` from its last.
///
///     y[0] = 0 + x[0], y[k] = y[k − 1] + x[k]        exclusive: y[0] = 0, y[k] = y[k − 1] + x[k − 1]
///
/// and with · for + and 1 for 0. /// float32, or an integer type, which wraps.
package struct CumulativeStep: UnaryStep {
  package static let kind = "cumulative"
  package enum Operation: String, Sendable, Codable, CaseIterable { case sum, product }
  package var name: String
  package var operation: Operation
  package var type: DataType
  package var input: BufferID
  package var output: BufferID
  package var outer, count, inner: Int
  package var exclusive: Bool
  package var reversed: Bool

  package init(
    name: String, operation: Operation, type: DataType, input: BufferID, output: BufferID, outer: Int, count: Int,
    inner: Int, exclusive: Bool, reversed: Bool
  ) {
    self.name = name
    self.operation = operation
    self.type = type
    self.input = input
    self.output = output
    self.outer = outer
    self.count = count
    self.inner = inner
    self.exclusive = exclusive
    self.reversed = reversed
  }
}

extension CumulativeStep {
  package var detail: String {
    "\(operation.rawValue) of \(count) \(type.rawValue) in [\(outer),\(count),\(inner)]"
      + (exclusive ? ", exclusive" : "")
      + (reversed ? ", reversed" : "")
  }

  package func run(_ memory: inout Memory) {
    // What wraps is the same for signed and unsigned numbers.
    switch (type, type.byteCount) {
    case (.float32, _) where operation == .sum: accumulate(&memory, 0 as Float) { $0 + $1 }
    case (.float32, _): accumulate(&memory, 1 as Float) { FloatMath.number($0 * $1) }
    case (_, 1): accumulate(&memory, UInt8.self)
    case (_, 2): accumulate(&memory, UInt16.self)
    case (_, 4): accumulate(&memory, UInt32.self)
    default: accumulate(&memory, UInt64.self)
    }
  }

  private func accumulate<T: FixedWidthInteger>(_ memory: inout Memory, _: T.Type) {
    switch operation {
    case .sum: accumulate(&memory, 0 as T) { $0 &+ $1 }
    case .product: accumulate(&memory, 1 as T) { $0 &* $1 }
    }
  }

  @inline(__always)
  private func accumulate<T>(_ memory: inout Memory, _ start: T, _ combine: (T, T) -> T) {
    let x = UnsafePointer(memory.pointer(input, as: T.self))
    let y = memory.pointer(output, as: T.self)
    let (first, step) = reversed ? ((count - 1) &* inner, 0 &- inner) : (0, inner)
    for o in 0..<outer {
      let (x, y) = (x + (o &* count &* inner &+ first), y + (o &* count &* inner &+ first))
      for i in 0..<inner { y[i] = exclusive ? start : combine(start, x[i]) }
      for k in 1..<max(count, 1) {
        let (before, now) = ((k &- 1) &* step, k &* step)
        for i in 0..<inner { y[now &+ i] = combine(y[before &+ i], x[(exclusive ? before : now) &+ i]) }
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.require(type == .float32 || (!type.isFloat && type != .bool), "no \(operation.rawValue) of \(type.rawValue)")
    check.positive(count, named: "count")
    check.buffer(input, outer, count, inner, bytes: type.byteCount, named: "input")
    check.buffer(output, outer, count, inner, bytes: type.byteCount, named: "output")
    check.require(input != output, "input and output are the same buffer")
  }
}
