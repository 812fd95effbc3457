/// Element-wise float32 operation on two tensors with broadcasting, one rounding. `walk` operands: [a, b, y], y dense.
package struct FloatBinaryStep: BinaryStep {
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
    case .add: combine(&memory) { $0 + $1 }
    case .subtract: combine(&memory) { $0 - $1 }
    case .multiply: combine(&memory) { $0 * $1 }
    case .divide: combine(&memory) { $0 / $1 }
    case .maximum: combine(&memory) { $0 > $1 || $0 != $0 ? $0 : $1 }
    case .minimum: combine(&memory) { $0 < $1 || $0 != $0 ? $0 : $1 }
    case .power: combine(&memory, FloatMath.power)
    case .remainder: combine(&memory, FloatMath.remainder)
    }
  }

  @inline(__always)
  private func combine(_ memory: inout Memory, _ f: (Float, Float) -> Float) {
    let a = UnsafePointer(memory.pointer(a, as: Float.self))
    let b = UnsafePointer(memory.pointer(b, as: Float.self))
    let y = memory.pointer(output, as: Float.self)
    let (strideA, strideB) = (walk.innerStride(0), walk.innerStride(1))
    let count = walk.innerCount
    walk.forEachRun { offsets in
      let (a, b, y) = (a + offsets[0], b + offsets[1], y + offsets[2])
      for i in 0..<count { y[i] = f(a[i &* strideA], b[i &* strideB]) }
    }
  }

  package func check(_ check: inout StepCheck) { check.walk(walk, [(a, 0, 4), (b, 0, 4), (output, 0, 4)]) }
}
