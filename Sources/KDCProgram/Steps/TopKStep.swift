import KDCTensor

/// The `picks` first of the middle axis of [outer, count, inner], largest or smallest first, and their positions: `values` and
/// `positions` (int64) of [outer, picks, inner].
///
/// Of equal elements the one with the lower position comes first. NaN is larger than all numbers.
package struct TopKStep: Step {
  package static let kind = "topK"
  package var name: String
  package var type: DataType
  package var isLargest: Bool
  package var input: BufferID
  package var values: BufferID
  package var positions: BufferID
  package var outer, count, inner, picks: Int

  package init(
    name: String, type: DataType, isLargest: Bool, input: BufferID, values: BufferID, positions: BufferID, outer: Int,
    count: Int, inner: Int, picks: Int
  ) {
    self.name = name
    self.type = type
    self.isLargest = isLargest
    self.input = input
    self.values = values
    self.positions = positions
    self.outer = outer
    self.count = count
    self.inner = inner
    self.picks = picks
  }
  package var reads: [BufferID] { [input] }
  package var writes: [BufferID] { [values, positions] }
}

extension TopKStep {
  package var detail: String {
    "\(picks) \(isLargest ? "largest" : "smallest") of \(count) \(type.rawValue) in [\(outer),\(count),\(inner)]"
  }

  package func run(_ memory: inout Memory) {
    switch type {
    case .float32: pick(&memory) { (a: Float, b: Float) in isLargest ? Self.isAbove(a, b) : Self.isAbove(b, a) }
    case .int8: pick(&memory) { (a: Int8, b: Int8) in isLargest ? a > b : a < b }
    case .uint8: pick(&memory) { (a: UInt8, b: UInt8) in isLargest ? a > b : a < b }
    case .int16: pick(&memory) { (a: Int16, b: Int16) in isLargest ? a > b : a < b }
    case .uint16: pick(&memory) { (a: UInt16, b: UInt16) in isLargest ? a > b : a < b }
    case .int32: pick(&memory) { (a: Int32, b: Int32) in isLargest ? a > b : a < b }
    case .uint32: pick(&memory) { (a: UInt32, b: UInt32) in isLargest ? a > b : a < b }
    case .int64: pick(&memory) { (a: Int64, b: Int64) in isLargest ? a > b : a < b }
    case .uint64: pick(&memory) { (a: UInt64, b: UInt64) in isLargest ? a > b : a < b }
    case .bool, .float64, .float16: break
    }
  }

  private static func isAbove(_ a: Float, _ b: Float) -> Bool { a > b || (a != a && b == b) }

  private func pick<T>(_ memory: inout Memory, _ isBefore: (T, T) -> Bool) {
    let x = UnsafePointer(memory.pointer(input, as: T.self))
    let (y, at) = (memory.pointer(values, as: T.self), memory.pointer(positions, as: Int64.self))
    for row in 0..<outer * inner {
      let (o, i) = (row / inner, row % inner)
      let row = x + (o &* count &* inner &+ i)
      let order = (0..<count).sorted { a, b in
        if isBefore(row[a &* inner], row[b &* inner]) { return true }
        return !isBefore(row[b &* inner], row[a &* inner]) && a < b
      }
      for k in 0..<picks {
        let target = (o &* picks &+ k) &* inner &+ i
        y[target] = row[order[k] &* inner]
        at[target] = Int64(order[k])
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.require(type == .float32 || !type.isFloat && type != .bool, "no order of \(type.rawValue)")
    check.positive(count, picks, named: "count")
    check.require(picks <= count, "\(picks) of \(count)")
    check.buffer(input, outer, count, inner, bytes: type.byteCount, named: "input")
    check.buffer(values, outer, picks, inner, bytes: type.byteCount, named: "values")
    check.buffer(positions, outer, picks, inner, bytes: 8, named: "positions")
    check.require(input != values && input != positions && values != positions, "two operands are the same buffer")
  }
}
