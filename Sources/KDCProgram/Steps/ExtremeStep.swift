/// The larger or the smaller of two int8 tensors with broadcasting, each with its own scale.
///
///     t = max((a − zeroPointA) · multiplierA, (b − zeroPointB) · multiplierB), or min        (int32; multipliers in 0 ... 32767)
///     y = clamp(sat16(sat16(rshr(t, shift)) + zeroPoint), low, high)                         (`requantization.finish`)
///
/// The operands are compared before anything is rounded, in units of 2^−shift of the output's. `walk` has the operands
/// [a, b, y]; y is dense in loop order. `requantization.preShift` is 0.
package struct ExtremeStep: RescaledPairStep {
  package static let kind = "extreme"
  package var name: String
  package var isMaximum: Bool
  package var a: BufferID
  package var b: BufferID
  package var output: BufferID
  package var walk: Walk
  package var zeroPointA, zeroPointB: Int
  package var multiplierA, multiplierB: Int
  package var requantization: Requantization

  package init(
    name: String, isMaximum: Bool, a: BufferID, b: BufferID, output: BufferID, walk: Walk, zeroPointA: Int,
    zeroPointB: Int, multiplierA: Int, multiplierB: Int, requantization: Requantization
  ) {
    self.name = name
    self.isMaximum = isMaximum
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

extension ExtremeStep {
  package var detail: String {
    "\(isMaximum ? "max" : "min") of (a − \(zeroPointA))·\(multiplierA) and (b − \(zeroPointB))·\(multiplierB), "
      + requantization.description
  }

  package func run(_ memory: inout Memory) {
    if isMaximum { combineRescaled(&memory) { max($0, $1) } } else { combineRescaled(&memory) { min($0, $1) } }
  }

  package func check(_ check: inout StepCheck) { checkRescaled(&check, 0...32767) }
}
