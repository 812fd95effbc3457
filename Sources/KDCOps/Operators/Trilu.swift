import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Keeps the upper (`upper` 1) or lower triangle of the last two dimensions, zero elsewhere. ONNX `Trilu`, opset 14.
///
/// The optional constant input k moves the diagonal up.
package struct Trilu: Operator {
  package static let onnxName = "Trilu"
  package static let inputCount = 1...2
  package let keepsUpper: Bool

  package init(decoding node: Node) throws(Diagnostic) { keepsUpper = try node.flag("upper", default: true) }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "input").type
    guard type.shape.rank >= 2 else { throw shapeMismatch("input \(type) has fewer than two dimensions") }
    let k = try constantInts(inputs, 1, "k")
    guard k == nil || k?.count == 1 else { throw shapeMismatch("k must be a scalar") }
    return [type]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let (rows, columns) = (x.shape[x.shape.rank - 2], x.shape[x.shape.rank - 1])
    // Beyond the matrix every diagonal means the same.
    let k = max(-rows - 1, min(columns + 1, try inputs.optionalInts(1)?.first ?? 0))
    let zero = Tensor([1], [Float(0)]).cast(to: x.dataType)
    let indices = (0..<x.count).map { at in
      let distance = at % columns - at / columns % rows
      return (keepsUpper ? distance >= k : distance <= k) ? at : x.count
    }
    return [try Tensor.chained([x, zero]).picked(indices, shape: x.shape)]
  }
}
