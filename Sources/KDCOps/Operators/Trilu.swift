import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Keeps the upper (`upper` 1) or lower triangle of the last two dimensions, zero elsewhere. ONNX `Trilu`, opset 14.
///
/// The optional constant input k moves the diagonal up.
package struct Trilu: ElementMovement, PrecisionPassing {
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

  package var precision: PrecisionFlow { .movement(0...0) }
}

extension Trilu: Lowerable {
  /// x where a constant mask of the matrix is true, else 0.
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try lowering.type(of: node.inputs[0])
    let (rows, columns) = (type.shape[type.shape.rank - 2], type.shape[type.shape.rank - 1])
    let ones = Tensor([rows, columns], [Bool](repeating: true, count: rows * columns))
    let diagonal = node.input(1).flatMap { lowering.constant($0) }
    guard case .bool(let mask)? = try evaluate([ones, diagonal]).first?.elements else {
      throw InternalError("the mask of 'Trilu' is no bool")
    }
    let condition = lowering.loaded(Tensor([rows, columns], mask), "mask")
    let zero = lowering.loaded(Tensor([1], [Float(0)]).cast(to: type.dataType), "zero")
    let x = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let output = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    let strides = [rows * columns, columns, 1]
    let walk = Walk(
      extents: [type.shape.count / (rows * columns), rows, columns],
      strides: [[0, columns, 1], strides, [0, 0, 0], strides])
    lowering.append {
      SelectStep(
        name: $0, condition: condition, a: x, b: zero, output: output, elementBytes: type.dataType.byteCount,
        walk: walk.collapsed)
    }
  }
}
