import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Mean of each window. ONNX `AveragePool`, opsets 1, 7, 10, 11, 19, 22.
///
/// Padding counts as zeros with count_include_pad, otherwise not at all; what ceil_mode adds never counts.
package struct AveragePool: BoxPool {
  package static let onnxName = "AveragePool"
  package let window: SpatialWindow
  package let countsPadding: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    window = try SpatialWindow(decoding: node)
    countsPadding = try node.flag("count_include_pad", default: false)
  }

  package var quantizationRule: QuantizationRule { .integer }

  var ownAttributes: [String: Attribute] { ["count_include_pad": .int(countsPadding ? 1 : 0)] }
}

extension AveragePool {
  package func evaluate(_ inputs: [Tensor?], threads: Threads) throws -> [Tensor] {
    if needsComposition(try inputs.required(0).type) { return try evaluateExpanded(inputs) }
    let x = try inputs.floats(0)
    let pooling = Pooling(shape: x.shape, axes: try window.resolve(self, input: x.shape))
    let countsPadding = countsPadding
    return [
      pooling.map(x.values, threads: threads, start: 0, combine: { $0 + $1 }) { sum, inside, padded in
        sum / Float(max(1, countsPadding ? padded : inside))
      }
    ]
  }
}

extension AveragePool: PerSample {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let x = try lowering.shape(of: node.inputs[0])
    let axes = try window.resolve(self, input: x)
    let (y, z) = axes.planar
    try lowering.mean(
      MeanPlan(
        input: node.inputs[0], output: node.outputs[0],
        geometry: StepGeometry(axes, inputs: x[1], outputs: x[1], groups: x[1]), countsPadding: countsPadding,
        padded: (y.padBegin + y.input + y.padEnd, z.padBegin + z.input + z.padEnd)))
  }
}

extension AveragePool: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let shape = try inputs.required(0).shape
    let pooling = Pooling(shape: shape, axes: try window.resolve(self, input: shape))
    let countsPadding = countsPadding
    return [
      pooling.scatter { window, _, result in
        let share = gradient[window.index] / Float(max(1, countsPadding ? window.padded : window.inside))
        window.forEach { at in
          result[at] += share
          return true
        }
      }
    ]
  }
}

extension AveragePool: PrecisionPassing {
  package var precision: PrecisionFlow { .average }

  /// Squares have twice the range of what they are of.
  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    guard isSquare(node.inputs[0]) else { return nil }
    return PrecisionDemand([(0, .elementwise)])
  }
}
