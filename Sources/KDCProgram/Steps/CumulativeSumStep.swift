import KDCTensor

/// Running sum along the middle axis of [outer, count, inner], from its first element, or `reversed` from its last.
///
///     y[0] = 0 + x[0], y[k] = y[k − 1] + x[k]        exclusive: y[0] = 0, y[k] = y[k − 1] + x[k − 1]
///
/// float32, or an integer type, which wraps.
package struct CumulativeSumStep: UnaryStep {
  package static let kind = "cumulativeSum"
  package var name: String
  package var type: DataType
  package var input: BufferID
  package var output: BufferID
  package var outer, count, inner: Int
  package var exclusive: Bool
  package var reversed: Bool

  package init(
    name: String, type: DataType, input: BufferID, output: BufferID, outer: Int, count: Int, inner: Int,
    exclusive: Bool, reversed: Bool
  ) {
    self.name = name
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

extension CumulativeSumStep {
  package var detail: String {
    "\(count) \(type.rawValue) in [\(outer),\(count),\(inner)]" + (exclusive ? ", exclusive" : "")
      + (reversed ? ", reversed" : "")
  }

  package func run(_ memory: inout Memory) {
    // Sums that wrap are the same for signed and unsigned numbers.
    switch (type, type.byteCount) {
    case (.float32, _): sum(&memory, 0 as Float) { $0 + $1 }
    case (_, 1): sum(&memory, 0 as UInt8) { $0 &+ $1 }
    case (_, 2): sum(&memory, 0 as UInt16) { $0 &+ $1 }
    case (_, 4): sum(&memory, 0 as UInt32) { $0 &+ $1 }
    default: sum(&memory, 0 as UInt64) { $0 &+ $1 }
    }
  }

  @inline(__always)
  private func sum<T>(_ memory: inout Memory, _ zero: T, _ add: (T, T) -> T) {
    let x = UnsafePointer(memory.pointer(input, as: T.self))
    let y = memory.pointer(output, as: T.self)
    let (first, step) = reversed ? ((count - 1) &* inner, 0 &- inner) : (0, inner)
    for o in 0..<outer {
      let (x, y) = (x + (o &* count &* inner &+ first), y + (o &* count &* inner &+ first))
      for i in 0..<inner { y[i] = exclusive ? zero : add(zero, x[i]) }
      for k in 1..<max(count, 1) {
        let (before, now) = ((k &- 1) &* step, k &* step)
        for i in 0..<inner { y[now &+ i] = add(y[before &+ i], x[(exclusive ? before : now) &+ i]) }
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.require(type == .float32 || (!type.isFloat && type != .bool), "no sum of \(type.rawValue)")
    check.positive(count, named: "count")
    check.buffer(input, outer, count, inner, bytes: type.byteCount, named: "input")
    check.buffer(output, outer, count, inner, bytes: type.byteCount, named: "output")
    check.require(input != output, "input and output are the same buffer")
  }
}
