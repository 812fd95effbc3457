import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// An element-wise function of one float input. int8: a table of 256 entries made from `apply`, for activations;
/// functions that jump or whose values spread over magnitudes (Floor, Exp, …) stay in float.
///
/// Types: float32; float16 and float64 are computed in float32.
package protocol UnaryFunction: Quantizable, Lowerable {
  /// The function itself; the reference for its table.
  func apply(_ x: Float) -> Float
  /// The program's name for it where it runs in float; nil where only the table exists.
  var function: FloatFunction? { get }
}

/// A function without attributes.
protocol PlainUnaryFunction: UnaryFunction {
  init()
}

extension PlainUnaryFunction {
  package init(decoding node: Node) throws(Diagnostic) { self.init() }
}

/// A function that is defined for integers too; it wraps in the input's type.
package protocol IntegerUnaryFunction: UnaryFunction {
  func apply(_ x: Int64) -> Int64
}

extension UnaryFunction {
  package var quantizationRule: QuantizationRule { .integer }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "X").type
    guard type.dataType.isFloat || (self is any IntegerUnaryFunction && type.dataType != .bool) else {
      throw typeMismatch("input X is \(type), must be float32")
    }
    return [type]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    switch x.elements {
    case .float32(let values): return [Tensor(x.shape, mapped(values))]
    case .float64, .float16:
      guard case .float32(let values) = x.cast(to: .float32).elements else { throw InternalError("not float") }
      return [Tensor(x.shape, mapped(values)).cast(to: x.dataType)]
    default:
      guard let function = self as? any IntegerUnaryFunction, case .signed(let values) = x.elements.numbers else {
        throw InternalError("'\(Self.onnxName)' of \(x.type)")
      }
      return [Tensor(x.shape, Numbers.signed(values.map { function.apply($0) }).elements(as: x.dataType))]
    }
  }

  /// One pass without checks per element, so that simple functions become vector instructions.
  private func mapped(_ values: [Float]) -> [Float] {
    [Float](unsafeUninitializedCapacity: values.count) { target, initialized in
      values.withUnsafeBufferPointer { source in
        guard let y = target.baseAddress, let x = source.baseAddress else { return }
        for i in 0..<source.count { y[i] = apply(x[i]) }
      }
      initialized = values.count
    }
  }
}

extension UnaryFunction {
  /// Neg, Abs, Sign and Relu of integers; false for floats.
  func lowerIntegers(_ node: Node, into lowering: inout Lowering) throws -> Bool {
    let type = try lowering.type(of: node.inputs[0])
    guard self is any IntegerUnaryFunction, !type.dataType.isFloat else { return false }
    let (count, isSigned) = (type.shape.count, !type.dataType.rawValue.hasPrefix("u"))
    if !isSigned, self is Abs || self is Relu {
      try lowering.view(node.inputs[0], node.outputs[0])
      return true
    }
    let form = try lowering.read(node.inputs[0], as: .native)
    let output = try lowering.write(node.outputs[0], as: .native, in: form.layout)
    func negated(to target: BufferID) {
      let zero = lowering.loaded(Tensor([1], [Int64(0)]).cast(to: type.dataType), "zero")
      let walk = Walk(extents: [count], strides: [[0], [1], [1]])
      lowering.integerBinary(.subtract, type.dataType, zero, form.buffer, to: target, walk: walk)
    }
    switch self {
    case is Neg: negated(to: output)
    case is Abs:
      let opposite = lowering.temporary(TensorType(type.dataType, [count]))
      negated(to: opposite)
      let walk = Walk(extents: [count], strides: [[1], [1], [1]])
      lowering.integerBinary(.maximum, type.dataType, form.buffer, opposite, to: output, walk: walk)
    case is Relu:
      _ = lowering.integerBinary(.maximum, type.dataType, form.buffer, 0, count: count, to: output)
    case is Sign:
      // Clamped to −1...1.
      let low = isSigned ? lowering.integerBinary(.maximum, type.dataType, form.buffer, -1, count: count) : form.buffer
      _ = lowering.integerBinary(.minimum, type.dataType, low, 1, count: count, to: output)
    default: throw cannotLower(node, "of \(type.dataType.rawValue) values that are computed from data")
    }
    return true
  }
}

extension UnaryFunction {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if try lowerIntegers(node, into: &lowering) { return }
    try requireFloat(node, lowering)
    if try lowering.integerTable(node.inputs[0], node.outputs[0], channels: 1, { x, _ in apply(x) }) { return }
    guard let function else { throw cannotLower(node, "has no float form") }
    try lowering.floatUnary(function, node.inputs[0], node.outputs[0])
  }
}

/// A function of one input whose derivative follows from x and y = f(x). At a kink it is one of the two sides'.
protocol DifferentiableFunction: UnaryFunction, Differentiable {
  func derivative(_ x: Float, _ y: Float) -> Float
}

extension DifferentiableFunction {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), let gradient = try outputGradients.gradient(), let x = try inputs.required(0).floats,
      let y = outputs.first?.floats
    else { return .none(inputs.count) }
    let values = [Float](count: x.count) { result in
      x.withPointer { x in
        y.withPointer { y in
          gradient.withPointer { gradient in
            for i in 0..<outputs[0].count { result[i] = gradient[i] * derivative(x[i], y[i]) }
          }
        }
      }
    }
    return [Tensor(outputs[0].shape, values)]
  }
}
