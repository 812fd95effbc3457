import Foundation
import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// a to the power b with broadcasting, in a's type. ONNX `Pow`, opsets 7, 12, 13, 15. b may have another type than a.
package struct Pow: DifferentiablePair, ChannelPassing {
  package static let onnxName = "Pow"
  package static let inputCount = 2...2
  package init(decoding node: Node) throws(Diagnostic) {}

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let base = try required(inputs, 0, "X").type
    let exponent = try required(inputs, 1, "Y").type
    guard base.dataType != .bool, exponent.dataType != .bool else { throw typeMismatch("is not defined for bool") }
    return [TensorType(base.dataType, try broadcast([base.shape, exponent.shape]))]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    let shape = try broadcast([a.shape, b.shape])
    if case .float32(let x) = a.elements, case .float32(let y) = b.cast(to: .float32).elements {
      return [Tensor(shape, broadcastMap(x, a.shape, y, b.shape, to: shape, Self.power))]
    }
    if case .signed(let x) = a.elements.numbers, case .signed(let y) = b.elements.numbers {
      let values = broadcastMap(x, a.shape, y, b.shape, to: shape, Self.power)
      return [Tensor(shape, Numbers.signed(values).elements(as: a.dataType))]
    }
    guard case .float64(let x) = a.cast(to: .float64).elements, case .float64(let y) = b.cast(to: .float64).elements
    else { throw InternalError("cast to float64 failed") }
    let values = broadcastMap(x, a.shape, y, b.shape, to: shape) { pow($0, $1) }
    return [Tensor(shape, Numbers.double(values).elements(as: a.dataType))]
  }

  /// The exponents of normalisation layers without the general function.
  private static func power(_ x: Float, _ y: Float) -> Float {
    if y == 2 { return x * x }
    if y == 3 { return x * x * x }
    return pow(x, y)
  }

  /// Wrapping; a negative exponent gives the integer part of the quotient (0 for 0).
  private static func power(_ x: Int64, _ y: Int64) -> Int64 {
    guard y >= 0 else { return x == 1 ? 1 : x == -1 ? (y & 1 == 0 ? 1 : -1) : 0 }
    var (result, square, rest) = (Int64(1), x, y)
    while rest > 0 {
      if rest & 1 == 1 { result &*= square }
      square &*= square
      rest >>= 1
    }
    return result
  }
  static func derivatives(_ a: Float, _ b: Float) -> (a: Float, b: Float) {
    let byBase = b == 2 ? 2 * a : b == 1 ? 1 : b == 0 ? 0 : b * pow(a, b - 1)
    return (byBase, a > 0 ? pow(a, b) * log(a) : 0)
  }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.broadcast(node) }
}

extension Pow: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if try lowerIntegers(node, into: &lowering) { return }
    _ = try computedType(node, lowering)
    let (x, y) = (node.inputs[0], node.outputs[0])
    let (base, shape) = (try lowering.shape(of: x), try lowering.shape(of: y))
    guard let exponents = lowering.floatConstant(node.inputs[1])?.cast(to: .float32) else {
      let type = try lowering.type(of: node.inputs[1])
      if type.dataType == .float32 { return try lowering.floatBinary(.power, x, node.inputs[1], y) }
      _ = try computedType(node, lowering, index: 1)
      let integers = try lowering.read(node.inputs[1], as: .native, in: [.rowMajor]).buffer
      let floats = lowering.cast(integers, from: type.dataType, to: .float32, count: type.shape.count)
      return try lowerPower(x, (floats, type.shape), y, into: &lowering)
    }
    if let values = exponents.floats, values.count == 1, base == shape,
      try lowerScalar(values[0], x, y, into: &lowering)
    {
      return
    }
    // The exponents may be integers: the step gets them as floats.
    let floats = lowering.loaded(exponents, "exponents")
    try lowerPower(x, (floats, exponents.shape), y, into: &lowering)
  }

  /// The general power, with the exponents in a row-major float buffer.
  private func lowerPower(
    _ x: String, _ exponents: (buffer: BufferID, shape: Shape), _ y: String, into lowering: inout Lowering
  ) throws {
    let (base, shape) = (try lowering.shape(of: x), try lowering.shape(of: y))
    let left = try lowering.read(x, as: .native, in: [.rowMajor])
    let right = Lowering.Form(encoding: .native, layout: .rowMajor, buffer: exponents.buffer)
    let walk = lowering.binaryWalk((left, base), (right, exponents.shape), shape, .rowMajor)
    let buffer = try lowering.write(y, as: .native, in: .rowMajor)
    lowering.append {
      FloatBinaryStep(name: $0, operation: .power, a: left.buffer, b: right.buffer, output: buffer, walk: walk)
    }
  }

  /// Exponents that products and a quotient give, rounding once each; false for others.
  private func lowerScalar(
    _ exponent: Float, _ x: String, _ y: String, into lowering: inout Lowering
  ) throws -> Bool {
    switch exponent {
    case 1: try lowering.view(x, y)
    case 2: try lowering.floatUnary(FloatFunction(.square), x, y)
    case -1: try lowering.floatUnary(FloatFunction(.reciprocal), x, y)
    case 3:
      let count = try lowering.shape(of: x).count
      let form = try lowering.read(x, as: .native)
      let square = lowering.unary(FloatFunction(.square), form.buffer, count: count)
      let target = try lowering.write(y, as: .native, in: form.layout)
      _ = lowering.binary(.multiply, square, form.buffer, rows: 1, columns: count, strideB: (0, 1), to: target)
    default: return false
    }
    return true
  }
}

extension Pow {
  /// Powers of integers: by integers in 64 bits, by other exponents in float32 and without the fraction. False where the base
  /// is float.
  func lowerIntegers(_ node: Node, into lowering: inout Lowering) throws -> Bool {
    let (base, exponent) = (try lowering.type(of: node.inputs[0]), try lowering.type(of: node.inputs[1]))
    guard !base.dataType.isFloat else { return false }
    let whole = lowering.constant(node.inputs[1])?.cast(to: .float64).wholeNumbers
    guard [base, exponent].allSatisfy({ $0.dataType != .uint64 && CastStep.types.contains($0.dataType) }) else {
      throw cannotLower(node, "of \(base.dataType.rawValue) and \(exponent.dataType.rawValue) values")
    }
    let type: DataType = exponent.dataType.isFloat && whole == nil ? .float32 : .int64
    let shape = try lowering.shape(of: node.outputs[0])
    let x = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let left = lowering.cast(x, from: base.dataType, to: type, count: base.shape.count)
    let right: BufferID
    if type == .int64, let whole {
      right = lowering.loaded(Tensor(exponent.shape, whole), "exponents")
    } else {
      let y = try lowering.read(node.inputs[1], as: .native, in: [.rowMajor]).buffer
      right = lowering.cast(y, from: exponent.dataType, to: type, count: exponent.shape.count)
    }
    let output = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    let isWide = base.dataType == type
    let power = isWide ? output : lowering.temporary(TensorType(type, shape))
    let walk = Walk.filling(
      shape, .rowMajor, reading: [base, exponent].map { Broadcasting.strides(of: $0.shape, over: shape) })
    if type == .float32 {
      lowering.append {
        FloatBinaryStep(name: $0, operation: .power, a: left, b: right, output: power, walk: walk)
      }
    } else {
      lowering.integerBinary(.power, .int64, left, right, to: power, walk: walk)
    }
    if !isWide { _ = lowering.cast(power, from: type, to: base.dataType, count: shape.count, output: output) }
    return true
  }
}

extension Pow: PrecisionPassing {
  package var precision: PrecisionFlow { .elementwise(0...0) }

  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    guard !isPower(node, in: graph) else { return nil }
    // Above 1 small bases hardly matter.
    let isFlat = node.input(1).flatMap { graph.initializers[$0]?.floats }?.allSatisfy { $0 >= 1 } ?? false
    return PrecisionDemand([(0, isFlat ? .elementwise : .layer), (1, .elementwise)])
  }

  /// Exponents 1, 2 and 3 are products.
  package func isPower(_ node: Node, in graph: Graph) -> Bool {
    node.input(1).flatMap { graph.initializers[$0]?.floats }?.allSatisfy { [1, 2, 3].contains($0) } ?? false
  }
}

extension Tensor {
  /// The elements of a float64 tensor, where all are whole numbers.
  fileprivate var wholeNumbers: [Int64]? {
    guard case .float64(let values) = elements else { return nil }
    let numbers = values.compactMap { Int64(exactly: $0) }
    return numbers.count == values.count ? numbers : nil
  }
}
