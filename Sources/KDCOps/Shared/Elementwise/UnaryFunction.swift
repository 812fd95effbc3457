import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// An element-wise function of one float input. int8: a table of 256 entries made from `apply`, for activations;
/// functions that jump or whose values spread over magnitudes (Floor, Exp, …) stay in float.
///
/// Types: float32; float16 and float64 are computed in float32.
package protocol UnaryFunction: Elementwise, Quantizable, Lowerable, ChannelPassing, PrecisionPassing {
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
  func apply<T: FixedWidthInteger>(_ x: T) -> T
  /// The steps on values of an integer `type`.
  func lowerIntegers(_ x: String, _ y: String, _ type: TensorType, into lowering: inout Lowering) throws
}

extension UnaryFunction {
  package var quantizationRule: QuantizationRule { .integer }
  package var precision: PrecisionFlow { .function }

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
      guard let function = self as? any IntegerUnaryFunction else {
        throw InternalError("'\(Self.onnxName)' of \(x.type)")
      }
      switch x.elements.numbers {
      case .signed(let values):
        return [Tensor(x.shape, Numbers.signed(values.map { function.apply($0) }).elements(as: x.dataType))]
      case .unsigned(let values): return [Tensor(x.shape, .uint64(values.map { function.apply($0) }))]
      case .float, .double: throw InternalError("'\(Self.onnxName)' of \(x.type)")
      }
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
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let type = try lowering.type(of: x)
    if let function = self as? any IntegerUnaryFunction, !type.dataType.isFloat {
      return try function.lowerIntegers(x, y, type, into: &lowering)
    }
    try requireFloat(node, lowering)
    if try lowering.integerTable(x, y, channels: 1, { x, _ in apply(x) }) { return }
    guard let function else { throw cannotLower(node, "has no float form") }
    try lowering.floatUnary(function, x, y)
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

extension UnaryFunction {
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.pass(node) }
}
