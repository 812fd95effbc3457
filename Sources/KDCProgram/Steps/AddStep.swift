/// Sum of two int8 tensors with broadcasting; also a difference, where `multiplierB` is negative.
///
///     t = (a − zeroPointA) · multiplierA + (b − zeroPointB) · multiplierB       (int32; multipliers within ±32767)
///     y = clamp(sat16(sat16(rshr(t, shift)) + zeroPoint), low, high)            (`requantization.finish`)
///
/// `walk` has the operands [a, b, y]; y is dense in loop order. `requantization.preShift` is 0.
package struct AddStep: BinaryStep {
  package static let kind = "add"
  package var name: String
  package var a: BufferID
  package var b: BufferID
  package var output: BufferID
  package var walk: Walk
  package var zeroPointA, zeroPointB: Int
  package var multiplierA, multiplierB: Int
  package var requantization: Requantization

  package init(
    name: String, a: BufferID, b: BufferID, output: BufferID, walk: Walk, zeroPointA: Int, zeroPointB: Int,
    multiplierA: Int, multiplierB: Int, requantization: Requantization
  ) {
    self.name = name
    self.a = a
    self.b = b
    self.output = output
    self.walk = walk
    self.zeroPointA = zeroPointA
    self.zeroPointB = zeroPointB
    self.multiplierA = multiplierA
    self.multiplierB = multiplierB
    self.requantization = requantization
  }
}

extension AddStep {
  package var detail: String {
    "(a − \(zeroPointA))·\(multiplierA) + (b − \(zeroPointB))·\(multiplierB), \(requantization)"
  }

  package var inPlaceOperands: [BufferID] { walk.operandsLikeLast([a, b]) }

  package func run(_ memory: inout Memory) {
    let a = UnsafePointer(memory.pointer(a, as: Int8.self))
    let b = UnsafePointer(memory.pointer(b, as: Int8.self))
    let y = memory.pointer(output, as: Int8.self)
    let (zeroA, zeroB) = (Int32(truncatingIfNeeded: zeroPointA), Int32(truncatingIfNeeded: zeroPointB))
    let (factorA, factorB) = (Int32(truncatingIfNeeded: multiplierA), Int32(truncatingIfNeeded: multiplierB))
    let (strideA, strideB) = (walk.innerStride(0), walk.innerStride(1))
    let count = walk.innerCount
    walk.forEachRun { offsets in
      let (a, b, y) = (a + offsets[0], b + offsets[1], y + offsets[2])
      for i in 0..<count {
        let t = (Int32(a[i &* strideA]) &- zeroA) &* factorA &+ (Int32(b[i &* strideB]) &- zeroB) &* factorB
        y[i] = requantization.finish(t)
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
    check.range(multiplierA, -32767...32767, named: "multiplierA")
    check.range(multiplierB, -32767...32767, named: "multiplierB")
    check.requantization(requantization)
    check.require(requantization.preShift == 0, "preShift is not 0")
  }
}
