import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Integers as the reals that they stand for, and back: what the operators on quantised tensors are composed of.
extension Expansion {
  /// The operand at an index, or nil where it is absent.
  func operand(_ index: Int) -> String? { inputs.indices.contains(index) ? inputs[index] : nil }

  /// scale · (x − zeroPoint) of operands.
  mutating func dequantized(
    _ x: Int, scale: Int, zeroPoint: Int, axis: Int = 0
  ) throws(Diagnostic) -> String {
    try dequantized(operand(x) ?? "", scale: operand(scale) ?? "", zeroPoint: operand(zeroPoint), axis: axis)
  }

  mutating func dequantized(
    _ x: String, scale: String, zeroPoint: String?, axis: Int = 0
  ) throws(Diagnostic) -> String {
    var operands: [String?] = [x, try plain(scale)]
    if let zeroPoint { operands.append(try plain(zeroPoint)) }
    return try add("DequantizeLinear", operands, ["axis": .int(Int64(axis))])
  }

  /// Reals in the representation of operands `scale` and `zeroPoint`; without a zero point it is 0, of `type`.
  mutating func quantized(
    _ value: String, scale: Int, zeroPoint: Int, like type: DataType, axis: Int = 0
  ) throws(Diagnostic) -> String {
    let factor = try plain(operand(scale) ?? "")
    let zero: String
    if let given = operand(zeroPoint) {
      zero = try plain(given)
    } else {
      let count = shape(of: factor).count
      let tensor = Tensor(shape(of: factor), [Float](repeating: 0, count: count)).cast(to: type)
      zero = constant(tensor)
    }
    return try add("QuantizeLinear", [value, factor, zero], ["axis": .int(Int64(axis))])
  }

  /// Scales of one column or row, as a vector: older operators are lax there.
  private mutating func plain(_ name: String) throws(Diagnostic) -> String {
    let shape = shape(of: name)
    guard shape.rank > 1, shape.dims.filter({ $0 > 1 }).count <= 1 else { return name }
    return try reshape(name, to: [shape.count])
  }
}

extension Operator {
  /// The type of a quantised operand: int8 or uint8. Throws KDC2012 and KDC2015.
  func requiredBytes(_ inputs: [OperatorInput?], _ index: Int, _ name: String) throws(Diagnostic) -> TensorType {
    let type = try required(inputs, index, name).type
    guard type.dataType == .int8 || type.dataType == .uint8 else {
      throw typeMismatch("input \(name) is \(type), must be int8 or uint8")
    }
    return type
  }
}
