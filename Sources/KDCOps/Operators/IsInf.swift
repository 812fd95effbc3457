import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Whether each element is infinite, as bool. ONNX `IsInf`, opsets 10, 20.
///
/// `detect_negative` and `detect_positive` 0 leave out −∞ and ∞.
package struct IsInf: ChannelPassing {
  package static let onnxName = "IsInf"
  package let detectsNegative: Bool
  package let detectsPositive: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    detectsNegative = try node.flag("detect_negative", default: true)
    detectsPositive = try node.flag("detect_positive", default: true)
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    [TensorType(.bool, try requiredFloats(inputs, 0, "X").shape)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    switch x.elements.numbers {
    case .float(let values): return [Tensor(x.shape, values.map(isDetected))]
    case .double(let values): return [Tensor(x.shape, values.map(isDetected))]
    case .signed, .unsigned: throw InternalError("'IsInf' of \(x.type)")
    }
  }

  private func isDetected(_ x: some BinaryFloatingPoint) -> Bool {
    x.isInfinite && (x < 0 ? detectsNegative : detectsPositive)
  }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.pass(node) }
}

extension IsInf: Lowerable {
  /// x, or |x| for both, compared with the infinity.
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try requireFloat32(node, lowering)
    let (form, count) = (try lowering.read(node.inputs[0], as: .native), try lowering.shape(of: node.inputs[0]).count)
    let output = try lowering.write(node.outputs[0], as: .native, in: form.layout)
    guard detectsNegative || detectsPositive else {
      return lowering.fill(output, with: Tensor([1], [false]), count: count)
    }
    let isBoth = detectsNegative && detectsPositive
    let x = isBoth ? lowering.unary(FloatFunction(.abs), form.buffer, count: count) : form.buffer
    let infinity = lowering.loaded(Tensor([1], [detectsPositive ? Float.infinity : -.infinity]), "infinity")
    lowering.append {
      CompareStep(
        name: $0, operation: .equal, type: .float32, a: x, b: infinity, output: output,
        walk: Walk(extents: [count], strides: [[1], [0], [1]]))
    }
  }
}
