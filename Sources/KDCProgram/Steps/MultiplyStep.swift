/// Product of two int8 tensors with broadcasting.
///
///     y = requantization((a − zeroPointA) · (b − zeroPointB), multiplier)
///
/// `walk` has the operands [a, b, y]; y is dense in loop order.
package struct MultiplyStep: Int8PairStep {
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

  package func run(_ memory: inout Memory) {
    combineCentred(&memory) { a, b in requantization.apply(a &* b, multiplier: multiplier) }
  }

  package func check(_ check: inout StepCheck) {
    checkOperands(&check)
    check.require(multiplier > 0, "multiplier is not positive")
  }
}
