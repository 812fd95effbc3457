import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// start, start + delta, … below (above, for a negative delta) limit; constant scalars. ONNX `Range`, opset 11.
///
/// Named RangeOperator in Swift: `Range` is the standard library's.
package struct RangeOperator: Operator {
  package static let onnxName = "Range"
  package static let inputCount = 3...3
  package init(decoding node: Node) throws(Diagnostic) {}

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let (dataType, shapes) = try sameTypes(inputs, atLeast: 3)
    guard shapes.allSatisfy({ $0.count == 1 }) else { throw shapeMismatch("start, limit and delta must be scalars") }
    var numbers: [Double] = []
    for (index, name) in ["start", "limit", "delta"].enumerated() {
      guard let number = try constant(inputs, index, name)?.cast(to: .float64).elements.numbers.firstDouble else {
        continue
      }
      numbers.append(number)
    }
    return [TensorType(dataType, [try count(numbers)])]
  }

  /// Elements of the range [start, limit, delta].
  private func count(_ numbers: [Double]) throws(Diagnostic) -> Int {
    guard numbers.count == 3, numbers[2] != 0 else { throw Diagnostic(.valueOutOfRange, "'Range' has delta 0") }
    let count = ((numbers[1] - numbers[0]) / numbers[2]).rounded(.up)
    guard count < 0x1p40 else { throw Diagnostic(.valueOutOfRange, "'Range' has \(count) elements") }
    return count > 0 ? Int(count) : 0
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let parts = try [0, 1, 2].map { try inputs.required($0) }
    let count = try count(parts.compactMap { $0.cast(to: .float64).elements.numbers.firstDouble })
    let numbers: Numbers
    switch (parts[0].elements.numbers, parts[2].elements.numbers) {
    case (.signed(let start), .signed(let delta)):
      numbers = .signed((0..<count).map { start[0] &+ Int64($0) &* delta[0] })
    case (.unsigned(let start), .unsigned(let delta)):
      numbers = .unsigned((0..<count).map { start[0] &+ UInt64($0) &* delta[0] })
    case (.float(let start), .float(let delta)):
      numbers = .float((0..<count).map { start[0] + Float($0) * delta[0] })
    case (.double(let start), .double(let delta)):
      numbers = .double((0..<count).map { start[0] + Double($0) * delta[0] })
    default: throw InternalError("'Range' of \(parts[0].type) and \(parts[2].type)")
    }
    return [Tensor([count], numbers.elements(as: parts[0].dataType))]
  }
}

extension RangeOperator: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let values = try evaluate(node.inputs.map { lowering.constant($0) })
    let constant = lowering.addConstant(values[0], "values")
    let output = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    lowering.append { LoadStep(name: $0, constant: constant, output: output, byteCount: values[0].byteCount) }
  }
}
