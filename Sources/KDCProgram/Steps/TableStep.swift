/// Any function of one int8: y[i] = table[c · 256 + x[i] + 128], c = i mod `channels` (1: one table for all).
///
/// `table` is int8 [channels, 256]. Activations, requantisation, PRelu (a table a channel).
package struct TableStep: UnaryStep {
  package static let kind = "table"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var count: Int
  package var channels: Int
  package var table: ConstantID

  package init(name: String, input: BufferID, output: BufferID, count: Int, channels: Int, table: ConstantID) {
    self.name = name
    self.input = input
    self.output = output
    self.count = count
    self.channels = channels
    self.table = table
  }
  package var constants: [ConstantID] { [table] }
}

extension TableStep {
  package var detail: String { channels == 1 ? "\(count) values" : "\(count) values, \(channels) tables" }

  package var inPlaceOperands: [BufferID] { [input] }

  package func run(_ memory: inout Memory) {
    let x = UnsafePointer(memory.pointer(input, as: Int8.self))
    let y = memory.pointer(output, as: Int8.self)
    let table = memory.pointer(table, as: Int8.self)
    if channels == 1 {
      for i in 0..<count { y[i] = table[Int(x[i]) &+ 128] }
      return
    }
    for start in stride(from: 0, to: count, by: channels) {
      for c in 0..<min(channels, count - start) { y[start &+ c] = table[c &* 256 &+ Int(x[start &+ c]) &+ 128] }
    }
  }

  package func range(of output: BufferID, given ranges: ValueRanges, in program: Program) -> ClosedRange<Int>? {
    guard program.constants.indices.contains(table.index),
      case .int8(let values) = program.constants[table.index].tensor.elements, !values.isEmpty, values.count % 256 == 0
    else { return nil }
    let read = ranges[input]
    let reached = values.indices.lazy.filter { read.contains($0 % 256 - 128) }.map { Int(values[$0]) }
    guard let low = reached.min(), let high = reached.max() else { return nil }
    return low...high
  }

  package func check(_ check: inout StepCheck) {
    check.positive(channels, named: "channels")
    check.buffer(input, count, bytes: 1, named: "input")
    check.buffer(output, count, bytes: 1, named: "output")
    check.constant(table, .int8, channels, 256, named: "table")
  }
}
