import KDCTensor

/// Element-wise change of type between float32, int32, int64, int8, uint8 and bool (one byte, 0 or 1).
///
/// Float to integer truncates toward zero and saturates, NaN gives 0; to bool is x ≠ 0; integers wrap.
package struct CastStep: Step {
  package static let kind = "cast"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var count: Int
  package var from: DataType
  package var to: DataType

  package init(name: String, input: BufferID, output: BufferID, count: Int, from: DataType, to: DataType) {
    self.name = name
    self.input = input
    self.output = output
    self.count = count
    self.from = from
    self.to = to
  }
  package var reads: [BufferID] { [input] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [] }
}
