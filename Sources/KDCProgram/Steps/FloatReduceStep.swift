/// Reduction of the middle axis of [outer, reduced, inner], float32, in ascending order from the first element.
///
/// maximum: m = x > m or x is NaN ? x : m (minimum with <), so NaN wins. mean is the sum times the
/// float 1 / reduced, rounded once each.
package struct FloatReduceStep: ReductionStep {
  package static let kind = "floatReduce"
  package enum Operation: String, Sendable, Codable, CaseIterable { case sum, mean, product, maximum, minimum }
  package var name: String
  package var operation: Operation
  package var input: BufferID
  package var output: BufferID
  package var outer, reduced, inner: Int

  package init(
    name: String, operation: Operation, input: BufferID, output: BufferID, outer: Int, reduced: Int, inner: Int
  ) {
    self.name = name
    self.operation = operation
    self.input = input
    self.output = output
    self.outer = outer
    self.reduced = reduced
    self.inner = inner
  }
}

extension FloatReduceStep {
  package var detail: String { "\(operation.rawValue) of \(reduced) in [\(outer),\(reduced),\(inner)]" }

  package func run(_ memory: inout Memory) {
    let x = UnsafePointer(memory.pointer(input, as: Float.self))
    let y = memory.pointer(output, as: Float.self)
    let factor = 1 / Float(reduced)
    for o in 0..<outer {
      let (x, y) = (x + o &* reduced &* inner, y + o &* inner)
      for j in 0..<inner { y[j] = x[j] }
      for r in 1..<max(reduced, 1) {
        let x = x + r &* inner
        switch operation {
        case .sum, .mean: for j in 0..<inner { y[j] = y[j] + x[j] }
        case .product: for j in 0..<inner { y[j] = FloatMath.number(y[j] * x[j]) }
        case .maximum: for j in 0..<inner { y[j] = x[j] > y[j] || x[j] != x[j] ? x[j] : y[j] }
        case .minimum: for j in 0..<inner { y[j] = x[j] < y[j] || x[j] != x[j] ? x[j] : y[j] }
        }
      }
      if operation == .mean { for j in 0..<inner { y[j] = y[j] * factor } }
    }
  }

  package func check(_ check: inout StepCheck) { checkReduction(&check, elementBytes: 4) }
}
