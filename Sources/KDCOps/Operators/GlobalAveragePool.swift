import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Mean of all spatial elements of each channel of X [N, C, spatial…]; the result is [N, C, 1…].
/// ONNX `GlobalAveragePool`, opsets 1, 22.
package struct GlobalAveragePool: Operator {
  package static let onnxName = "GlobalAveragePool"

  package init(decoding node: Node) throws(Diagnostic) {}

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
}

extension GlobalAveragePool: Quantizable {
  package var quantizationRule: QuantizationRule { .integer }
}
