import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Operands of compositions, which are computed in float32 whatever float type they have.
extension Expanding {
  /// A required operand of any float type, as float32. Throws KDC2012 or KDC2015.
  func float(
    _ inputs: [OperatorInput?], _ index: Int, _ name: String, _ expansion: inout Expansion
  ) throws(Diagnostic) -> String {
    let type = try required(inputs, index, name).type
    guard type.dataType.isFloat else { throw typeMismatch("input \(name) is \(type), must be float32") }
    return try expansion.cast(expansion.inputs[index] ?? "", to: .float32)
  }

  /// The same of an operand that may be absent.
  func floatIfPresent(
    _ inputs: [OperatorInput?], _ index: Int, _ name: String, _ expansion: inout Expansion
  ) throws(Diagnostic) -> String? {
    index < inputs.count && inputs[index] != nil ? try float(inputs, index, name, &expansion) : nil
  }

  /// The one integer of an operand that must be known when compiling; nil where it is absent. Throws KDC2014 for several.
  func constantInt(_ inputs: [OperatorInput?], _ index: Int, _ name: String) throws(Diagnostic) -> Int? {
    guard let list = try constantInts(inputs, index, name) else { return nil }
    guard list.count == 1 else { throw shapeMismatch("input \(name) has \(list.count) elements, must be a scalar") }
    return list[0]
  }

  /// Names the outputs, cast back to the type of operand 0.
  func finish(_ inputs: [OperatorInput?], _ values: [String], _ expansion: inout Expansion) throws(Diagnostic) {
    let type = inputs.first??.type.dataType ?? .float32
    var names: [String] = []
    for value in values { names.append(try expansion.cast(value, to: type)) }
    expansion.outputs = names
  }
}

/// Arithmetic with constants.
extension Expansion {
  /// x · factor.
  package mutating func scale(_ value: String, by factor: Float) throws(Diagnostic) -> String {
    factor == 1 ? value : try add("Mul", [value, scalar(factor)])
  }

  /// x + term.
  package mutating func shift(_ value: String, by term: Float) throws(Diagnostic) -> String {
    term == 0 ? value : try add("Add", [value, scalar(term)])
  }

  /// x ^ exponent of values that are not negative; roots and squares by cheaper operators than Pow.
  package mutating func power(_ value: String, _ exponent: Float) throws(Diagnostic) -> String {
    switch exponent {
    case 1: return value
    case 2: return try add("Mul", [value, value])
    case 0.5: return try add("Sqrt", [value])
    case 0.75:
      let root = try add("Sqrt", [value])
      return try add("Mul", [root, add("Sqrt", [root])])
    default: return try add("Pow", [value, scalar(exponent)])
    }
  }

  /// |x| ^ exponent.
  package mutating func magnitudePower(_ value: String, _ exponent: Float) throws(Diagnostic) -> String {
    try exponent == 2 ? power(value, 2) : power(add("Abs", [value]), exponent)
  }

  /// Moves an axis to another place; the order of the others stays.
  package mutating func move(_ value: String, axis: Int, to place: Int) throws(Diagnostic) -> String {
    guard axis != place else { return value }
    var order = Array(shape(of: value).dims.indices)
    order.insert(order.remove(at: axis), at: place)
    return try transpose(value, order)
  }

  /// Permutes axes, unless they are in this order already.
  package mutating func permute(_ value: String, _ order: [Int]) throws(Diagnostic) -> String {
    order == Array(0..<order.count) ? value : try transpose(value, order)
  }

  /// Elements `starts` up to (not including) `ends` of an axis in steps.
  package mutating func slice(
    _ value: String, axis: Int, from start: Int, to end: Int, step: Int
  ) throws(Diagnostic) -> String {
    try add("Slice", [value, integers([start]), integers([end]), integers([axis]), integers([step])])
  }

  /// A float32 matrix of which `element` gives each (row, column). Throws KDC2023 where this machine has no room for it.
  package mutating func matrix(
    _ rows: Int, _ columns: Int, _ element: (Int, Int) -> Float
  ) throws(Diagnostic) -> String {
    let type = TensorType(.float32, [rows, columns])
    if let fault = ValueLimits.machine.fault(of: type, "a constant of '\(graph.name)'") { throw fault }
    return constant(Tensor(type.shape, (0..<rows).flatMap { row in (0..<columns).map { element(row, $0) } }))
  }
}
