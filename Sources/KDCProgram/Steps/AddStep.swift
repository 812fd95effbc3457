/// Sum of two int8 tensors with broadcasting; also a difference, where `multiplierB` is negative.
///
///     t = (a − zeroPointA) · multiplierA + (b − zeroPointB) · multiplierB       (int32; multipliers within ±32767)
///     y = clamp(sat16(sat16(rshr(t, shift)) + zeroPoint), low, high)            (`requantization.finish`)
///
/// `walk` has the operands [a, b, y]; y is dense in loop order. `requantization.preShift` is 0.
package struct AddStep: RescaledPairStep {
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

  package func run(_ memory: inout Memory) { combineRescaled(&memory) { $0 &+ $1 } }

  package func check(_ check: inout StepCheck) { checkRescaled(&check, -32767...32767) }
}
