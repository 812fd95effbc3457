/// Writes one value to every element of a buffer.
package struct FillStep: Step {
  package static let kind = "fill"
  package var name: String
  package var output: BufferID
  package var count: Int
  /// Bytes of an element: 1, 2, 4 or 8; `bits` are its low bytes.
  package var elementBytes: Int
  package var bits: UInt64

  package init(name: String, output: BufferID, count: Int, elementBytes: Int, bits: UInt64) {
    self.name = name
    self.output = output
    self.count = count
    self.elementBytes = elementBytes
    self.bits = bits
  }
  package var reads: [BufferID] { [] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [] }
}
