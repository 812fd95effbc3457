import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Largest element of all spatial elements of each channel of X [N, C, spatial…]; the result is [N, C, 1…].
/// ONNX `GlobalMaxPool`, opsets 1, 22.
package struct GlobalMaxPool: Pool, PerSample, ValuePicking {
  package static let onnxName = "GlobalMaxPool"

  package init(decoding node: Node) throws(Diagnostic) {}

  package var quantizationRule: QuantizationRule { .sameAsInput(.resample) }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    [TensorType(.float32, try globalPoolShape(requiredFloat(inputs, 0, "X")))]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.floats(0)
    let values = mapPlanes(x.values, of: x.shape) { row, count in
      var largest = -Float.infinity
      for i in 0..<count where row[i] > largest { largest = row[i] }
      return largest
    }
    return [Tensor(try globalPoolShape(x.shape), values)]
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let x = try lowering.shape(of: node.inputs[0])
    try lowering.maximum(node.inputs[0], node.outputs[0], lowering.globalGeometry(x))
  }
}

extension GlobalMaxPool: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let x = try inputs.floats(0)
    let y = try outputs.floats(0).values
    let pixels = x.shape.dims[2...].reduce(1, *)
    var values = [Float](repeating: 0, count: x.shape.count)
    for (plane, value) in gradient.enumerated() {
      let start = plane * pixels
      if let at = (start..<start + pixels).first(where: { x.values[$0] == y[plane] }) { values[at] = value }
    }
    return [Tensor(x.shape, values)]
  }
}
