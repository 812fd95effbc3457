/// Which values each int8 buffer of a program can hold, from what its steps write: what kernels prove that need fewer
/// than 8 bits. Steps that do not say (`Step.range`) may write anything, as may the application to an input.
package struct ValueRanges: Sendable {
  package static let int8 = -128...127
  /// nil: nothing was written yet.
  private var ranges: [ClosedRange<Int>?]

  package init(of program: Program) {
    ranges = .init(repeating: nil, count: program.buffers.count)
    for port in program.inputs where ranges.indices.contains(port.buffer.index) {
      ranges[port.buffer.index] = Self.int8
    }
    for step in program.steps {
      for id in step.writes where ranges.indices.contains(id.index) {
        let range = (step.range(of: id, given: self, in: program) ?? Self.int8).clamped(to: Self.int8)
        ranges[id.index] = ranges[id.index].map { $0.union(range) } ?? range
      }
    }
  }

  /// All values that the buffer has at any time.
  package subscript(id: BufferID) -> ClosedRange<Int> {
    ranges.indices.contains(id.index) ? ranges[id.index] ?? Self.int8 : Self.int8
  }
}

extension ClosedRange where Bound == Int {
  /// The smallest range with both.
  package func union(_ other: ClosedRange) -> ClosedRange {
    Swift.min(lowerBound, other.lowerBound)...Swift.max(upperBound, other.upperBound)
  }
}

extension Requantization {
  /// What comes out of it.
  var range: ClosedRange<Int> { low <= high ? low...high : ValueRanges.int8 }
}
