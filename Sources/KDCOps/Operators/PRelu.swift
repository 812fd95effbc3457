import KDCDiagnostics
import KDCGraph
import KDCTensor

/// x < 0 ? slope·x : x; slope broadcasts to x. ONNX `PRelu`, opsets 7, 9, 16. int8: one table per channel.
package struct PRelu: Quantizable {
  package static let onnxName = "PRelu"
  package static let inputCount = 2...2
  package init(decoding node: Node) throws(Diagnostic) {}

  package var quantizationRule: QuantizationRule { .integer }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let shape = try requiredFloat(inputs, 0, "X")
    let slope = try requiredFloat(inputs, 1, "slope")
    guard try broadcast([shape, slope]) == shape else {
      throw shapeMismatch("slope \(slope) does not broadcast to X \(shape)")
    }
    return [TensorType(.float32, shape)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let (x, slope) = (try inputs.floats(0), try inputs.floats(1))
    return [
      Tensor(
        x.shape, broadcastMap(x.values, x.shape, slope.values, slope.shape, to: x.shape) { $0 < 0 ? $1 * $0 : $0 })
    ]
  }
}
