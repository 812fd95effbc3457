import KDCTensor

/// Reduction of the middle axis of [outer, reduced, inner] of an integer type. Sums and products wrap.
package struct IntegerReduceStep: ReductionStep, IntegerStep {
  package static let kind = "integerReduce"
  package enum Operation: String, Sendable, Codable, CaseIterable { case sum, product, maximum, minimum }
  package var name: String
  package var operation: Operation
  package var type: DataType
  package var input: BufferID
  package var output: BufferID
  package var outer, reduced, inner: Int

  package init(
    name: String, operation: Operation, type: DataType, input: BufferID, output: BufferID, outer: Int, reduced: Int,
    inner: Int
  ) {
    self.name = name
    self.operation = operation
    self.type = type
    self.input = input
    self.output = output
    self.outer = outer
    self.reduced = reduced
    self.inner = inner
  }
}

extension IntegerReduceStep {
  package var detail: String {
    "\(operation.rawValue) of \(reduced) \(type.rawValue) in [\(outer),\(reduced),\(inner)]"
  }

  package func run(_ memory: inout Memory) { runIntegers(&memory) }

  func run<T: FixedWidthInteger>(_ memory: inout Memory, _: T.Type) {
    switch operation {
    case .sum: reduce(&memory) { (a: T, x: T) in a &+ x }
    case .product: reduce(&memory) { (a: T, x: T) in a &* x }
    case .maximum: reduce(&memory) { (a: T, x: T) in x > a ? x : a }
    case .minimum: reduce(&memory) { (a: T, x: T) in x < a ? x : a }
    }
  }

  @inline(__always)
  private func reduce<T>(_ memory: inout Memory, _ combine: (T, T) -> T) {
    let x = UnsafePointer(memory.pointer(input, as: T.self))
    let y = memory.pointer(output, as: T.self)
    for o in 0..<outer {
      let (x, y) = (x + o &* reduced &* inner, y + o &* inner)
      for i in 0..<inner { y[i] = x[i] }
      for r in 1..<max(reduced, 1) {
        for i in 0..<inner { y[i] = combine(y[i], x[r &* inner &+ i]) }
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.require(!type.isFloat && type != .bool, "no reduction of \(type.rawValue)")
    checkReduction(&check, elementBytes: type.byteCount)
  }
}
