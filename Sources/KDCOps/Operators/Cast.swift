import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// The values in another data type. ONNX `Cast`, opsets 6, 9, 13, 19, 21, 23, 24, 25.
///
/// Floats to integers truncate toward zero and saturate, NaN gives 0; integers wrap, and so does everything to 4 and 2 bits, which
/// are kept in 8; to bool is x ≠ 0. Strings and 8-bit floats are not supported.
package struct Cast: Lowerable, ChannelPassing {
  package static let onnxName = "Cast"
  package let to: DataType
  /// Bits of an integer type smaller than `to`, in which it is kept.
  private let bits: Int?

  /// Integers of fewer than 8 bits, by their numbers in ONNX.
  private static let smallIntegers: [Int: (kept: DataType, bits: Int)] = [
    21: (.uint8, 4), 22: (.int8, 4), 25: (.uint8, 2), 26: (.int8, 2),
  ]

  package init(decoding node: Node) throws(Diagnostic) {
    let number = try node.requiredInt("to")
    bits = Self.smallIntegers[number]?.bits
    guard let type = Self.smallIntegers[number]?.kept ?? DataType(onnxCode: number) else {
      guard (1...26).contains(number) else { throw node.invalid("to", "is \(number), which is no ONNX data type") }
      throw node.unsupported("'Cast' to ONNX data type \(number)")
    }
    to = type
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    [TensorType(to, try required(inputs, 0, "input").type.shape)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    bits == nil ? [try inputs.required(0).cast(to: to)] : try evaluateExpanded(inputs)
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try lowerCast(node, to: to, into: &lowering)
  }
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.pass(node) }
}

extension Cast: Expanding {
  package func isExpanded(_ inputs: [OperatorInput?]) -> Bool { bits != nil }

  /// The lowest bits of the integer; of signed ones, the remainder in −2ᵇ⁻¹ … 2ᵇ⁻¹ − 1.
  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    guard let bits, let x = expansion.inputs.first ?? nil else { return }
    let count = expansion.constant(Tensor([], [Int32(1) << Int32(bits)]))
    var value = try expansion.cast(x, to: .int32)
    if to == .uint8 {
      value = try expansion.add("Mod", [value, count])
    } else {
      let half = expansion.constant(Tensor([], [Int32(1) << Int32(bits - 1)]))
      let shifted = try expansion.add("Mod", [try expansion.add("Add", [value, half]), count])
      value = try expansion.add("Sub", [shifted, half])
    }
    expansion.outputs = [try expansion.cast(value, to: to)]
  }
}

extension Operator {
  func lowerCast(_ node: Node, to: DataType, into lowering: inout Lowering) throws {
    let from = try lowering.type(of: node.inputs[0])
    if from.dataType == to { return try lowering.view(node.inputs[0], node.outputs[0]) }
    guard CastStep.types.contains(from.dataType), CastStep.types.contains(to) else {
      throw cannotLower(node, "from \(from.dataType.rawValue) to \(to.rawValue)")
    }
    let form = try lowering.read(node.inputs[0], as: .native)
    let output = try lowering.write(node.outputs[0], as: .native, in: form.layout)
    _ = lowering.cast(form.buffer, from: from.dataType, to: to, count: from.shape.count, output: output)
  }
}

extension Cast: Differentiable {
  /// Between float types; through an integer nothing is passed back.
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), to == .float32, inputs.optional(0)?.dataType == .float32 else { return .none(inputs.count) }
    return [outputGradients.optional(0)]
  }
}
