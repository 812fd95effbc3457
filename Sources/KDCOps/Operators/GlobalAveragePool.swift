import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Mean of all spatial elements of each channel of X [N, C, spatial…]; the result is [N, C, 1…].
/// ONNX `GlobalAveragePool`, opsets 1, 22.
package struct GlobalAveragePool: Pool, PerSample {
  package static let onnxName = "GlobalAveragePool"

  package init(decoding node: Node) throws(Diagnostic) {}

  package var quantizationRule: QuantizationRule { .integer }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    [TensorType(.float32, try globalPoolShape(requiredFloat(inputs, 0, "X")))]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.floats(0)
    let values = mapPlanes(x.values, of: x.shape) { row, count in
      var sum: Float = 0
      for i in 0..<count { sum += row[i] }
      return sum / Float(count)
    }
    return [Tensor(try globalPoolShape(x.shape), values)]
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let x = try lowering.shape(of: node.inputs[0])
    try lowering.mean(
      MeanPlan(input: node.inputs[0], output: node.outputs[0], geometry: lowering.globalGeometry(x)))
  }
}

extension GlobalAveragePool: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let shape = try inputs.required(0).shape
    let pixels = shape.dims[2...].reduce(1, *)
    let values = [Float](count: shape.count) { result in
      for (plane, value) in gradient.enumerated() {
        (result + plane * pixels).initialize(repeating: value / Float(pixels), count: pixels)
      }
    }
    return [Tensor(shape, values)]
  }
}

extension GlobalAveragePool: PrecisionPassing {
  package var precision: PrecisionFlow { .average }

  /// Squares have twice the range of what they are of.
  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    guard isSquare(node.inputs[0]) else { return nil }
    return PrecisionDemand([(0, .elementwise)])
  }
}
