import KDCTensor

/// Position of the largest (smallest) element of the middle axis of [outer, reduced, inner], int64 [outer, inner].
///
/// From the first element on, a later one takes over where it is > (<) the best so far, with `takesLast` where it is ≥ (≤).
/// Types: float32 and all integers.
package struct ArgReduceStep: ReductionStep, IntegerStep {
  package static let kind = "argReduce"
  package var name: String
  package var type: DataType
  package var isMaximum: Bool
  package var takesLast: Bool
  package var input: BufferID
  package var output: BufferID
  package var outer, reduced, inner: Int

  package init(
    name: String, type: DataType, isMaximum: Bool, takesLast: Bool, input: BufferID, output: BufferID, outer: Int,
    reduced: Int, inner: Int
  ) {
    self.name = name
    self.type = type
    self.isMaximum = isMaximum
    self.takesLast = takesLast
    self.input = input
    self.output = output
    self.outer = outer
    self.reduced = reduced
    self.inner = inner
  }
}

extension ArgReduceStep {
  package var detail: String {
    "\(isMaximum ? "maximum" : "minimum") of \(reduced) \(type.rawValue) in [\(outer),\(reduced),\(inner)]"
      + (takesLast ? ", last" : "")
  }

  package func run(_ memory: inout Memory) {
    if type == .float32 { findBest(&memory, Float.self) } else { runIntegers(&memory) }
  }

  func run<T: FixedWidthInteger>(_ memory: inout Memory, _: T.Type) { findBest(&memory, T.self) }

  @inline(__always)
  private func findBest<T: Comparable>(_ memory: inout Memory, _: T.Type) {
    switch (isMaximum, takesLast) {
    case (true, false): reduce(&memory) { (a: T, b: T) in a > b }
    case (true, true): reduce(&memory) { (a: T, b: T) in a >= b }
    case (false, false): reduce(&memory) { (a: T, b: T) in a < b }
    case (false, true): reduce(&memory) { (a: T, b: T) in a <= b }
    }
  }

  @inline(__always)
  private func reduce<T>(_ memory: inout Memory, _ isBetter: (T, T) -> Bool) {
    let x = UnsafePointer(memory.pointer(input, as: T.self))
    let y = memory.pointer(output, as: Int64.self)
    for o in 0..<outer {
      let (x, y) = (x + o &* reduced &* inner, y + o &* inner)
      for i in 0..<inner {
        var best = 0
        for r in 1..<max(reduced, 1) where isBetter(x[r &* inner &+ i], x[best &* inner &+ i]) { best = r }
        y[i] = Int64(best)
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.require(type == .float32 || (!type.isFloat && type != .bool), "no position of the best \(type.rawValue)")
    check.require(reduced <= Int(Int32.max), "reduced \(reduced) goes beyond int32")
    checkReduction(&check, elementBytes: type.byteCount, outputBytes: 8)
  }
}
