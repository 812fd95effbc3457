import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// min(max(x, low), high). ONNX `Clip`, opsets 6, 11, 12, 13; either bound may be absent.
///
/// Opset < 11: bounds are attributes; from 11 on, scalar inputs. Low above high gives high. int8: a table, where the
/// bounds are constant.
package struct Clip: Elementwise, Quantizable, ChannelPassing, PrecisionPassing {
  package static let onnxName = "Clip"
  package static let inputCount = 1...3
  /// Bounds from attributes; nil from opset 11 on and where absent.
  package let low: Float?
  package let high: Float?

  package init(decoding node: Node) throws(Diagnostic) {
    let hasAttributes = node.opset < 11
    low = hasAttributes ? try node.optionalFloat("min") : nil
    high = hasAttributes ? try node.optionalFloat("max") : nil
  }

  package var quantizationRule: QuantizationRule { .integer }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "input").type
    guard type.dataType != .bool else { throw typeMismatch("is not defined for bool") }
    for (index, name) in [(1, "min"), (2, "max")] where index < inputs.count {
      guard let bound = inputs[index]?.type else { continue }
      guard bound.dataType == type.dataType else { throw typeMismatch("input is \(type), \(name) is \(bound)") }
      guard bound.shape.count == 1 else { throw shapeMismatch("\(name) is \(bound), must be a scalar") }
    }
    return [type]
  }

  /// The bounds in force, −∞ and ∞ where absent; nil where a bound is computed from data.
  package func bounds(min: OperatorInput?, max: OperatorInput?) -> (low: Float, high: Float)? {
    guard min == nil || min?.constant != nil, max == nil || max?.constant != nil else { return nil }
    let given = [min, max].map { $0?.constant?.cast(to: .float32).floats?.first }
    return (given[0] ?? low ?? -.infinity, given[1] ?? high ?? .infinity)
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let given = [1, 2].map { inputs.optional($0) }
    switch x.elements.numbers {
    case .float(let values):
      let bounds = given.map { $0?.elements.numbers.firstFloat }
      let clipped = Self.clip(values, bounds[0] ?? low ?? -.infinity, bounds[1] ?? high ?? .infinity)
      return [Tensor(x.shape, Numbers.float(clipped).elements(as: x.dataType))]
    case .double(let values):
      let bounds = given.map { $0?.elements.numbers.firstDouble }
      let clipped = Self.clip(
        values, bounds[0] ?? low.map { Double($0) } ?? -.infinity,
        bounds[1] ?? high.map { Double($0) } ?? .infinity)
      return [Tensor(x.shape, .float64(clipped))]
    case .signed(let values):
      let bounds = given.map { $0?.elements.numbers.firstSigned }
      let clipped = Self.clip(values, bounds[0] ?? .min, bounds[1] ?? .max)
      return [Tensor(x.shape, Numbers.signed(clipped).elements(as: x.dataType))]
    case .unsigned(let values):
      let bounds = given.map { $0?.elements.numbers.firstUnsigned }
      return [Tensor(x.shape, .uint64(Self.clip(values, bounds[0] ?? .min, bounds[1] ?? .max)))]
    }
  }

  private static func clip<T: Comparable>(_ values: [T], _ low: T, _ high: T) -> [T] {
    values.map { min(max($0, low), high) }
  }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.pass(node) }
  package var precision: PrecisionFlow { .elementwise(0...0) }
}

extension Clip {
  /// max(x, low), then min of that and high, with bounds that are computed or of an integer type. Absent ones do nothing.
  func lowerWithMaximum(_ node: Node, into lowering: inout Lowering) throws {
    let type = try computedType(node, lowering)
    let count = try lowering.shape(of: node.inputs[0]).count
    var given: [(FloatBinaryStep.Operation, BufferID)] = []
    for (index, attribute, operation) in [(1, low, FloatBinaryStep.Operation.maximum), (2, high, .minimum)] {
      if let name = node.input(index) {
        given.append((operation, try lowering.read(name, as: .native, in: [.rowMajor]).buffer))
      } else if let attribute {
        given.append((operation, lowering.loaded(Tensor([1], [attribute]).cast(to: type), "bound")))
      }
    }
    guard !given.isEmpty else { return try lowering.view(node.inputs[0], node.outputs[0]) }
    let form = try lowering.read(node.inputs[0], as: .native)
    var x = form.buffer
    for (index, (operation, bound)) in given.enumerated() {
      let target =
        index == given.count - 1
        ? try lowering.write(node.outputs[0], as: .native, in: form.layout)
        : lowering.temporary(TensorType(type, [count]))
      try lowering.arithmetic(
        operation, type, x, bound, to: target, walk: Walk(extents: [count], strides: [[1], [0], [1]]))
      x = target
    }
  }
}

extension Clip: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    func bound(_ index: Int) throws -> OperatorInput? {
      guard let name = node.input(index) else { return nil }
      return OperatorInput(type: try lowering.type(of: name), constant: lowering.constant(name))
    }
    guard try lowering.type(of: node.inputs[0]).dataType == .float32,
      let (low, high) = bounds(min: try bound(1), max: try bound(2))
    else { return try lowerWithMaximum(node, into: &lowering) }
    let function = FloatFunction(.clip, a: low, b: high)
    if try lowering.integerTable(node.inputs[0], node.outputs[0], channels: 1, { x, _ in function.apply(x) }) { return }
    try lowering.floatUnary(function, node.inputs[0], node.outputs[0])
  }
}

extension Clip: Differentiable {
  /// Bounds that are inputs have no gradient.
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return result }
    let bounds = [1, 2].map { inputs.optional($0)?.floats?.first }
    let clip = FusedActivation.clip(low: bounds[0] ?? low ?? -.infinity, high: bounds[1] ?? high ?? .infinity)
    let y = try outputs.floats(0)
    result[0] = Tensor(y.shape, clip.inputGradient(gradient, output: y))
    return result
  }
}
