import KDCDiagnostics
import KDCTensor

/// The masks of ONNX Runtime's attention operators.
extension Expanding {
  /// What is added to scores [batch, heads, length, total] for an integer mask: 1 for keys that count in [batch, total] or
  /// [batch, length, total]; or numbers [batch] of keys that count; or [2 · batch]: these, then the first that counts.
  func paddingTerm(
    _ inputs: [OperatorInput?], _ index: Int, batch: Int, total: Int, masked: Float, _ expansion: inout Expansion
  ) throws(Diagnostic) -> String? {
    guard index < inputs.count, let type = inputs[index]?.type, let name = expansion.inputs[index] else { return nil }
    guard !type.dataType.isFloat else { throw typeMismatch("the mask is \(type), must be int32") }
    let shape = type.shape
    if shape.rank == 2 || shape.rank == 3, shape[0] == batch || shape[0] == 1, shape[shape.rank - 1] == total {
      let dims = [shape[0], 1] + (shape.rank == 2 ? [1] : [shape[1]]) + [total]
      let condition = try expansion.cast(expansion.reshape(name, to: Shape(dims)), to: .bool)
      return try expansion.maskTerm(condition, masked: masked)
    }
    guard shape.dims == [batch] || shape.dims == [2 * batch] else {
      throw Diagnostic(
        .unsupportedAttribute, "'\(Self.onnxName)' with a mask of shape \(shape) is not supported",
        notes: ["supported: [\(batch)], [\(2 * batch)], [\(batch),\(total)] and [\(batch),length,\(total)]"])
    }
    let bounds = try expansion.reshape(
      expansion.cast(name, to: .int64), to: [shape.count / batch, batch, 1, 1, 1])
    func bound(_ index: Int) throws(Diagnostic) -> String {
      try expansion.reshape(expansion.slice(bounds, axis: 0, index..<index + 1), to: [batch, 1, 1, 1])
    }
    let places = expansion.integers(Array(0..<total))
    var condition = try expansion.add("Less", [places, bound(0)])
    if shape.count > batch {
      condition = try expansion.add("And", [condition, expansion.add("GreaterOrEqual", [places, bound(1)])])
    }
    return try expansion.maskTerm(condition, masked: masked)
  }
}
