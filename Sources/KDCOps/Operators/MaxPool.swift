import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Largest element of each window. ONNX `MaxPool`, opsets 1, 8, 10, 11, 12, 22.
///
/// The second output, where there is one, says where each is; `storage_order` 1 counts columns before rows. float32; int8 and
/// uint8 too, without int8 forms of other scales. Over three axes and more it is a pool over rows and columns, then one along each
/// other axis; places are told over three axes at most.
package struct MaxPool: Pool, ValuePicking {
  package static let onnxName = "MaxPool"
  package static let outputCount = 1...2
  package let window: SpatialWindow
  package let givesIndices: Bool
  package let isColumnMajor: Bool
  private let attributes: [String: Attribute]

  package init(decoding node: Node) throws(Diagnostic) {
    window = try SpatialWindow(decoding: node)
    attributes = node.attributes
    givesIndices = node.outputs.count > 1 && !node.outputs[1].isEmpty
    isColumnMajor = node.opset >= 8 ? try node.flag("storage_order", default: false) : false
  }

  package var quantizationRule: QuantizationRule { givesIndices ? .float : .sameAsInput(.resample) }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try required(inputs, 0, "X").type
    guard [.float32, .int8, .uint8].contains(x.dataType) else {
      throw typeMismatch("input X is \(x), must be float32, int8 or uint8")
    }
    // Also sees to it that there are two axes before those of the window.
    let axes = try window.resolve(self, input: x.shape)
    if givesIndices, axes.count > 3 {
      throw Diagnostic(
        .unsupportedAttribute, "'MaxPool' with indices over \(axes.count) spatial axes is not supported",
        notes: ["supported: up to 3 spatial axes; the input is \(x.shape)"])
    }
    let shape = Shape(x.shape.dims[..<2] + axes.map(\.output))
    return [TensorType(x.dataType, shape)] + (givesIndices ? [TensorType(.int64, shape)] : [])
  }

  /// Whether it is more than the largest of floats: then the evaluator, and with indices the device, use the step of its own.
  private func isIndexed(_ type: DataType) -> Bool { givesIndices || type != .float32 }
}

extension MaxPool: StepOperator {
  func step(
    _ name: String, _ inputs: [OperatorInput?], _ operands: [BufferID?], _ outputs: [TensorType], _ results: [BufferID]
  ) throws -> any Step {
    let x = try required(inputs, 0, "X").type
    let axes = try window.resolve(self, input: x.shape).map {
      MaxPoolIndicesStep.Axis(
        input: $0.input, output: $0.output, kernel: $0.kernel, stride: $0.stride, dilation: $0.dilation,
        pad: $0.padBegin)
    }
    let trivial = MaxPoolIndicesStep.Axis(input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, pad: 0)
    return MaxPoolIndicesStep(
      name: name, type: x.dataType, input: try operands.required(0), output: results[0],
      indices: results.count > 1 ? results[1] : nil, planes: x.shape[0] * x.shape[1],
      axes: [MaxPoolIndicesStep.Axis](repeating: trivial, count: 3 - axes.count) + axes, columnMajor: isColumnMajor)
  }
}

extension MaxPool: ExpandingLate, ManyAxes {
  /// Of 8-bit integers, which the pool of floats has exactly, and over more than rows and columns.
  package func isExpanded(_ inputs: [OperatorInput?]) -> Bool {
    guard !givesIndices, let type = inputs.first??.type else { return false }
    return type.dataType != .float32 || type.shape.rank > 4
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let type = try outputTypes(inputs)[0].dataType
    let x = try expansion.cast(expansion.inputs[0] ?? "", to: .float32)
    let shape = expansion.shape(of: x)
    let y =
      shape.rank > 4
      ? try expansion.boxes("MaxPool", x, window, window.resolve(self, input: shape))
      : try expansion.add("MaxPool", [x], attributes)
    expansion.outputs = [try expansion.cast(y, to: type)]
  }
}

extension MaxPool: ParallelOperator {
  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { try evaluate(inputs, threads: .single) }

  package func evaluate(_ inputs: [Tensor?], threads: Threads) throws -> [Tensor] {
    let given = try inputs.required(0)
    if isIndexed(given.dataType), given.shape.rank <= 5 { return try evaluateStep(inputs) }
    if given.shape.rank > 4 { return try evaluateExpanded(inputs) }
    let x = try inputs.floats(0)
    let pooling = Pooling(shape: x.shape, axes: try window.resolve(self, input: x.shape))
    return [
      pooling.map(x.values, threads: threads, start: -.infinity, combine: { $1 > $0 ? $1 : $0 }) { value, _, _ in value
      }
    ]
  }
}

extension MaxPool: PerSample {
  /// Positions count the elements of all samples.
  package func sampleAxes(_ node: Node, in lowering: Lowering) throws -> SampleAxes? {
    let type = try lowering.type(of: node.inputs[0])
    return isIndexed(type.dataType) ? nil : SampleAxes(inputs: [0], outputs: [0], count: type.shape[0])
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if isIndexed(try lowering.type(of: node.inputs[0]).dataType) { return try lowerStep(node, into: &lowering) }
    let x = try lowering.shape(of: node.inputs[0])
    let axes = try window.resolve(self, input: x)
    try lowering.maximum(
      node.inputs[0], node.outputs[0], StepGeometry(axes, inputs: x[1], outputs: x[1], groups: x[1]))
  }
}

extension MaxPool: Differentiable {
  /// The gradient goes to the first largest element of each window.
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let x = try inputs.floats(0)
    let y = try outputs.floats(0).values
    let pooling = Pooling(shape: x.shape, axes: try window.resolve(self, input: x.shape))
    return [
      x.values.withPointer { values in
        pooling.scatter { window, plane, result in
          let (source, largest) = (values + plane &* window.planeSize, y[window.index])
          window.forEach { at in
            guard source[at] == largest else { return true }
            result[at] += gradient[window.index]
            return false
          }
        }
      }
    ]
  }
}
