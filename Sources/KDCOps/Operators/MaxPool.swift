import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Largest element of each window. ONNX `MaxPool`, opsets 1, 8, 10, 11, 12, 22; one or two spatial axes.
///
/// The optional output Indices is refused.
package struct MaxPool: Pool {
  package static let onnxName = "MaxPool"
  package static let outputCount = 1...2
  package let window: SpatialWindow

  package init(decoding node: Node) throws(Diagnostic) {
    window = try SpatialWindow(decoding: node)
    if node.outputs.count > 1, !node.outputs[1].isEmpty {
      throw node.unsupported("output 'Indices' of 'MaxPool'")
    }
  }

  package var quantizationRule: QuantizationRule { .sameAsInput(.resample) }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let x = try requiredFloat(inputs, 0, "X")
    let axes = try window.resolve(self, input: x)
    return [TensorType(.float32, Shape(x.dims[..<2] + axes.map(\.output)))]
  }
}

extension MaxPool: ParallelOperator {
  package func evaluate(_ inputs: [Tensor?], threads: Threads) throws -> [Tensor] {
    let x = try inputs.floats(0)
    let pooling = Pooling(shape: x.shape, axes: try window.resolve(self, input: x.shape))
    return [
      pooling.map(x.values, threads: threads, start: -.infinity, combine: { $1 > $0 ? $1 : $0 }) { value, _, _ in value
      }
    ]
  }
}

extension MaxPool: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let x = try oneImage(node, lowering)
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
