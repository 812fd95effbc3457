/// Product of two int8 tensors with broadcasting.
///
///     y = requantization((a − zeroPointA) · (b − zeroPointB), multiplier)
///
/// `walk` has the operands [a, b, y]; y is dense in loop order.
package struct MultiplyStep: BinaryStep {
  package static let kind = "multiply"
  package var name: String
  package var a: BufferID
  package var b: BufferID
  package var output: BufferID
  package var walk: Walk
  package var zeroPointA, zeroPointB: Int
  package var multiplier: Int32
  package var requantization: Requantization

  package init(
    name: String, a: BufferID, b: BufferID, output: BufferID, walk: Walk, zeroPointA: Int, zeroPointB: Int,
    multiplier: Int32, requantization: Requantization
  ) {
    self.name = name
    self.a = a
    self.b = b
    self.output = output
    self.walk = walk
    self.zeroPointA = zeroPointA
    self.zeroPointB = zeroPointB
    self.multiplier = multiplier
    self.requantization = requantization
  }
}

extension MultiplyStep {
  package var detail: String { "(a − \(zeroPointA))·(b − \(zeroPointB)), \(requantization)" }

  package var inPlaceOperands: [BufferID] { walk.operandsLikeLast([a, b]) }

  package func run(_ memory: inout Memory) {
    let a = UnsafePointer(memory.pointer(a, as: Int8.self))
    let b = UnsafePointer(memory.pointer(b, as: Int8.self))
    let y = memory.pointer(output, as: Int8.self)
    let (zeroA, zeroB) = (Int32(truncatingIfNeeded: zeroPointA), Int32(truncatingIfNeeded: zeroPointB))
    let (strideA, strideB) = (walk.innerStride(0), walk.innerStride(1))
    let count = walk.innerCount
    walk.forEachRun { offsets in
      let (a, b, y) = (a + offsets[0], b + offsets[1], y + offsets[2])
      for i in 0..<count {
        let t = (Int32(a[i &* strideA]) &- zeroA) &* (Int32(b[i &* strideB]) &- zeroB)
        y[i] = requantization.apply(t, multiplier: multiplier)
      }
    }
  }

  package func range(of output: BufferID, given ranges: ValueRanges, in program: Program) -> ClosedRange<Int>? {
    requantization.range
  }

  package func check(_ check: inout StepCheck) {
    check.walk(walk, [(a, 0, 1), (b, 0, 1), (output, 0, 1)])
    check.range(zeroPointA, -128...127, named: "zeroPointA")
    check.range(zeroPointB, -128...127, named: "zeroPointB")
    check.require(multiplier > 0, "multiplier is not positive")
    check.requantization(requantization)
  }
}
