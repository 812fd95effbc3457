/// A step that makes each element of a dense output of one of a and one of b, with broadcasting. `walk` has the operands
/// [a, b, y].
package protocol PairStep: BinaryStep {
  var walk: Walk { get }
}

extension PairStep {
  /// y = f(a, b) for every element.
  @inline(__always)
  func combine<T, Y>(_ memory: inout Memory, _ f: (T, T) -> Y) {
    let a = UnsafePointer(memory.pointer(a, as: T.self))
    let b = UnsafePointer(memory.pointer(b, as: T.self))
    let y = memory.pointer(output, as: Y.self)
    let (strideA, strideB) = (walk.innerStride(0), walk.innerStride(1))
    let count = walk.innerCount
    walk.forEachRun { offsets in
      let (a, b, y) = (a + offsets[0], b + offsets[1], y + offsets[2])
      for i in 0..<count { y[i] = f(a[i &* strideA], b[i &* strideB]) }
    }
  }
}

/// A pair step of two int8 tensors, each with a zero point of its own.
package protocol Int8PairStep: PairStep, RequantizedStep {
  var zeroPointA: Int { get }
  var zeroPointB: Int { get }
}

extension Int8PairStep {
  package var inPlaceOperands: [BufferID] { walk.operandsLikeLast([a, b]) }

  /// y = f(a − zeroPointA, b − zeroPointB) for every element.
  @inline(__always)
  func combineCentred(_ memory: inout Memory, _ f: (Int32, Int32) -> Int8) {
    let (zeroA, zeroB) = (Int32(truncatingIfNeeded: zeroPointA), Int32(truncatingIfNeeded: zeroPointB))
    combine(&memory) { (a: Int8, b: Int8) in f(Int32(a) &- zeroA, Int32(b) &- zeroB) }
  }

  func checkOperands(_ check: inout StepCheck) {
    check.walk(walk, [(a, 0, 1), (b, 0, 1), (output, 0, 1)])
    check.range(zeroPointA, -128...127, named: "zeroPointA")
    check.range(zeroPointB, -128...127, named: "zeroPointB")
    check.requantization(requantization)
  }
}

/// An int8 pair step that brings both operands to one scale, int16 multipliers being their scales in units of the output's
/// 2^−shift. `requantization.preShift` is 0.
package protocol RescaledPairStep: Int8PairStep {
  var multiplierA: Int { get }
  var multiplierB: Int { get }
}

extension RescaledPairStep {
  /// y = finish(f((a − zeroPointA) · multiplierA, (b − zeroPointB) · multiplierB)) for every element.
  @inline(__always)
  func combineRescaled(_ memory: inout Memory, _ f: (Int32, Int32) -> Int32) {
    let (factorA, factorB) = (Int32(truncatingIfNeeded: multiplierA), Int32(truncatingIfNeeded: multiplierB))
    combineCentred(&memory) { a, b in requantization.finish(f(a &* factorA, b &* factorB)) }
  }

  func checkRescaled(_ check: inout StepCheck, _ multipliers: ClosedRange<Int>) {
    checkOperands(&check)
    check.range(multiplierA, multipliers, named: "multiplierA")
    check.range(multiplierB, multipliers, named: "multiplierB")
    check.require(requantization.preShift == 0, "preShift is not 0")
  }
}
