import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The values in another data type. ONNX `Cast`, opsets 6, 9, 13, 19, 21.
///
/// Floats to integers truncate toward zero and saturate, NaN gives 0; integers wrap; to bool is x ≠ 0. Strings and
/// 8-bit floats are not supported.
package struct Cast: Operator {
  package static let onnxName = "Cast"
  package let to: DataType

  /// TensorProto.DataType numbers.
  private static let types: [Int: DataType] = [
    1: .float32, 2: .uint8, 3: .int8, 4: .uint16, 5: .int16, 6: .int32, 7: .int64, 9: .bool, 10: .float16, 11: .float64,
    12: .uint32, 13: .uint64,
  ]

  package init(decoding node: Node) throws(Diagnostic) {
    let number = try node.requiredInt("to")
    guard let type = Self.types[number] else {
      guard (1...26).contains(number) else { throw node.invalid("to", "is \(number), which is no ONNX data type") }
      throw node.unsupported("'Cast' to ONNX data type \(number)")
    }
    to = type
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    [TensorType(to, try required(inputs, 0, "input").type.shape)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { [try inputs.required(0).cast(to: to)] }
}
