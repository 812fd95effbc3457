/// Element-wise float32 operation on two tensors with broadcasting, one rounding. `walk` operands: [a, b, y], y dense.
package struct FloatBinaryStep: Step {
  package static let kind = "floatBinary"

  /// maximum and minimum give b unless a > b (a < b): so NaN in a gives b. power is exp(b · log a), a < 0 gives NaN,
  /// with b = 2, 3 and 0.5 (a constant) done by lowering as products and square root.
  package enum Operation: String, Sendable, Codable, CaseIterable {
    case add, subtract, multiply, divide, maximum, minimum, power
  }
  package var name: String
  package var operation: Operation
  package var a: BufferID
  package var b: BufferID
  package var output: BufferID
  package var walk: Walk

  package init(name: String, operation: Operation, a: BufferID, b: BufferID, output: BufferID, walk: Walk) {
    self.name = name
    self.operation = operation
    self.a = a
    self.b = b
    self.output = output
    self.walk = walk
  }
  package var reads: [BufferID] { [a, b] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [] }
}
