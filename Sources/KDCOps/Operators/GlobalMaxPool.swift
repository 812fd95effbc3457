import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Largest element of all spatial elements of each channel of X [N, C, spatial…]; the result is [N, C, 1…].
/// ONNX `GlobalMaxPool`, opsets 1, 22.
package struct GlobalMaxPool: Operator {
  package static let onnxName = "GlobalMaxPool"

  package init(decoding node: Node) throws(Diagnostic) {}

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
}

extension GlobalMaxPool: Quantizable {
  package var quantizationRule: QuantizationRule { .sameAsInput }
}
