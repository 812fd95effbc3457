/// Any function of one int8: y[i] = table[c · 256 + x[i] + 128], c = i mod `channels` (1: one table for all).
///
/// `table` is int8 [channels, 256]. Activations, requantisation, PRelu (a table a channel).
package struct TableStep: Step {
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
  package var reads: [BufferID] { [input] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [table] }
}
