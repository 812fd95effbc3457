import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// What element-wise arithmetic needs of a number; integers wrap, and divide toward zero.
protocol ArithmeticNumber: TensorElement, Comparable {
  func plus(_ other: Self) -> Self
  func minus(_ other: Self) -> Self
  func times(_ other: Self) -> Self
  /// Integers: 0 where `other` is 0; callers refuse that first.
  func divided(by other: Self) -> Self
}

extension ArithmeticNumber where Self: FloatingPoint {
  @inline(__always) func plus(_ other: Self) -> Self { self + other }
  @inline(__always) func minus(_ other: Self) -> Self { self - other }
  @inline(__always) func times(_ other: Self) -> Self { self * other }
  @inline(__always) func divided(by other: Self) -> Self { self / other }
}

extension ArithmeticNumber where Self: FixedWidthInteger {
  @inline(__always) func plus(_ other: Self) -> Self { self &+ other }
  @inline(__always) func minus(_ other: Self) -> Self { self &- other }
  @inline(__always) func times(_ other: Self) -> Self { self &* other }
  @inline(__always) func divided(by other: Self) -> Self {
    other == 0 ? 0 : dividedReportingOverflow(by: other).partialValue
  }
}

extension Float: ArithmeticNumber {}

extension Double: ArithmeticNumber {}

extension Int64: ArithmeticNumber {}

extension UInt64: ArithmeticNumber {}

/// An element-wise operator on operands of one numeric type with broadcasting, whose output has that type: two inputs,
/// or, where `isVariadic`, any number folded from the left.
protocol BinaryArithmetic: ElementwiseArithmetic, Lowerable, ChannelPassing, PrecisionPassing {
  init()
  static var operation: FloatBinaryStep.Operation { get }
  static var isVariadic: Bool { get }
  static func apply<T: ArithmeticNumber>(_ a: T, _ b: T) -> T
  /// The step on int8 values that are both computed; false where there is none.
  func lowerIntegers(_ node: Node, into lowering: inout Lowering) throws -> Bool
}

extension BinaryArithmetic {
  package var precision: PrecisionFlow { .elementwise(PrecisionFlow.all) }
  package static var isVariadic: Bool { false }
  package static var inputCount: ClosedRange<Int> { isVariadic ? 1...Int.max : 2...2 }

  package init(decoding node: Node) throws(Diagnostic) { self.init() }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let (dataType, shapes) = try sameTypes(inputs, atLeast: Self.isVariadic ? 1 : 2)
    return [TensorType(dataType, try broadcast(shapes))]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    var result = try inputs.required(0)
    for index in inputs.indices.dropFirst() { result = try Self.combined(result, inputs.required(index)) }
    return [result]
  }

  /// Both operands of one type; the result is narrowed back to it.
  static func combined(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    guard let shape = Broadcasting.shape(of: [a.shape, b.shape]) else { throw InternalError("shapes do not broadcast") }
    let numbers: Numbers
    switch (a.elements.numbers, b.elements.numbers) {
    case (.float(let x), .float(let y)):
      numbers = .float(broadcastMap(x, a.shape, y, b.shape, to: shape) { apply($0, $1) })
    case (.double(let x), .double(let y)):
      numbers = .double(broadcastMap(x, a.shape, y, b.shape, to: shape) { apply($0, $1) })
    case (.signed(let x), .signed(let y)):
      numbers = .signed(broadcastMap(x, a.shape, y, b.shape, to: shape) { apply($0, $1) })
    case (.unsigned(let x), .unsigned(let y)):
      numbers = .unsigned(broadcastMap(x, a.shape, y, b.shape, to: shape) { apply($0, $1) })
    default: throw InternalError("operands \(a.type) and \(b.type) of '\(onnxName)' differ in type")
    }
    return Tensor(shape, numbers.elements(as: a.dataType))
  }

  func lowerIntegers(_ node: Node, into lowering: inout Lowering) throws -> Bool { false }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if try lowerWithConstant(node, into: &lowering, { Self.apply($0, $1) }) { return }
    if try lowerIntegers(node, into: &lowering) { return }
    try lowerFold(node, Self.operation, into: &lowering)
  }
}

extension BinaryArithmetic {
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.broadcast(node) }
}
