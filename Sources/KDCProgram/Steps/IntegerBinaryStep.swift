import KDCTensor

/// Element-wise operation on two tensors of one integer type, or of bool, with broadcasting. `walk` operands: [a, b, y],
/// y dense.
///
/// Results wrap in the type, as two's complement does. add, subtract, multiply; divide toward zero, remainder with the
/// sign of a, modulo with the sign of b: a divisor of 0 gives 0, the smallest value over −1 wraps; maximum, minimum;
/// power: a negative exponent gives the integer part of the quotient, 0 for 0; bitAnd, bitOr, bitXor; shiftLeft and shiftRight of
/// unsigned numbers: by the type's bits or more gives 0. On bool (any byte but 0 is true): and, or, xor.
package struct IntegerBinaryStep: PairStep, IntegerStep {
  package static let kind = "integerBinary"

  package enum Operation: String, Sendable, Codable, CaseIterable {
    case add, subtract, multiply, divide, remainder, modulo, maximum, minimum, power, bitAnd, bitOr, bitXor
    case shiftLeft, shiftRight, and, or, xor
    /// Whether it is for bool, and for nothing else.
    package var isLogical: Bool { self == .and || self == .or || self == .xor }
    /// Whether it is for unsigned numbers, and for nothing else.
    package var isShift: Bool { self == .shiftLeft || self == .shiftRight }
  }
  package var name: String
  package var operation: Operation
  package var type: DataType
  package var a: BufferID
  package var b: BufferID
  package var output: BufferID
  package var walk: Walk

  package init(
    name: String, operation: Operation, type: DataType, a: BufferID, b: BufferID, output: BufferID, walk: Walk
  ) {
    self.name = name
    self.operation = operation
    self.type = type
    self.a = a
    self.b = b
    self.output = output
    self.walk = walk
  }
}

extension IntegerBinaryStep {
  package var detail: String { "\(operation.rawValue) of \(type.rawValue)" }

  package var inPlaceOperands: [BufferID] { walk.operandsLikeLast([a, b]) }

  package func run(_ memory: inout Memory) { runIntegers(&memory) }

  func run<T: FixedWidthInteger>(_ memory: inout Memory, _: T.Type) {
    switch operation {
    case .add: combine(&memory) { (a: T, b: T) in a &+ b }
    case .subtract: combine(&memory) { (a: T, b: T) in a &- b }
    case .multiply: combine(&memory) { (a: T, b: T) in a &* b }
    case .divide: combine(&memory) { (a: T, b: T) -> T in b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue }
    case .remainder: combine(&memory) { (a: T, b: T) in Self.remainder(a, b) }
    case .modulo:
      combine(&memory) { (a: T, b: T) -> T in
        let r = Self.remainder(a, b)
        return r != 0 && (r < 0) != (b < 0) ? r &+ b : r
      }
    case .maximum: combine(&memory) { (a: T, b: T) in a > b ? a : b }
    case .minimum: combine(&memory) { (a: T, b: T) in a < b ? a : b }
    case .power: combine(&memory) { (a: T, b: T) in Self.power(a, b) }
    case .bitAnd: combine(&memory) { (a: T, b: T) in a & b }
    case .bitOr: combine(&memory) { (a: T, b: T) in a | b }
    case .bitXor: combine(&memory) { (a: T, b: T) in a ^ b }
    case .shiftLeft: combine(&memory) { (a: T, b: T) in a << b }
    case .shiftRight: combine(&memory) { (a: T, b: T) in a >> b }
    case .and: combine(&memory) { (a: T, b: T) -> T in a != 0 && b != 0 ? 1 : 0 }
    case .or: combine(&memory) { (a: T, b: T) -> T in a != 0 || b != 0 ? 1 : 0 }
    case .xor: combine(&memory) { (a: T, b: T) -> T in (a != 0) != (b != 0) ? 1 : 0 }
    }
  }

  private static func remainder<T: FixedWidthInteger>(_ a: T, _ b: T) -> T {
    b == 0 ? 0 : a.remainderReportingOverflow(dividingBy: b).partialValue
  }

  private static func power<T: FixedWidthInteger>(_ a: T, _ b: T) -> T {
    if b < 0 { return a == 1 ? 1 : T.isSigned && a == 0 &- 1 ? (b & 1 == 0 ? 1 : a) : 0 }
    var (result, square, rest) = (T(1), a, b)
    while rest > 0 {
      if rest & 1 == 1 { result = result &* square }
      square = square &* square
      rest >>= 1
    }
    return result
  }

  package func check(_ check: inout StepCheck) {
    check.require(
      operation.isLogical ? type == .bool : type != .bool && !type.isFloat,
      "no \(operation.rawValue) of \(type.rawValue)")
    check.require(!operation.isShift || type.isUnsigned, "no \(operation.rawValue) of \(type.rawValue)")
    let bytes = type.byteCount
    check.walk(walk, [(a, 0, bytes), (b, 0, bytes), (output, 0, bytes)])
  }
}

extension DataType {
  fileprivate var isUnsigned: Bool { [.uint8, .uint16, .uint32, .uint64].contains(self) }
}
