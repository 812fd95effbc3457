/// Element-wise float32 operation on two tensors with broadcasting, one rounding. `walk` operands: [a, b, y], y dense.
package struct FloatBinaryStep: PairStep {
  package static let kind = "floatBinary"

  /// remainder is `FloatMath.remainder`. maximum and minimum give b unless a > b (a < b) or a is NaN: NaN wins, of ±0 b
  /// does. power is `FloatMath.power`; lowering makes products and a quotient of the constants b = 2, 3 and −1.
  package enum Operation: String, Sendable, Codable, CaseIterable {
    case add, subtract, multiply, divide, maximum, minimum, power, remainder
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
}

extension FloatBinaryStep {
  package var detail: String { operation.rawValue }

  package var inPlaceOperands: [BufferID] { walk.operandsLikeLast([a, b]) }

  package func run(_ memory: inout Memory) {
    switch operation {
    case .add: combine(&memory) { (a: Float, b: Float) in a + b }
    case .subtract: combine(&memory) { (a: Float, b: Float) in a - b }
    case .multiply: combine(&memory) { (a: Float, b: Float) in a * b }
    case .divide: combine(&memory) { (a: Float, b: Float) in a / b }
    case .maximum: combine(&memory) { (a: Float, b: Float) in a > b || a != a ? a : b }
    case .minimum: combine(&memory) { (a: Float, b: Float) in a < b || a != a ? a : b }
    case .power: combine(&memory, FloatMath.power)
    case .remainder: combine(&memory, FloatMath.remainder)
    }
  }

  package func check(_ check: inout StepCheck) { check.walk(walk, [(a, 0, 4), (b, 0, 4), (output, 0, 4)]) }
}
