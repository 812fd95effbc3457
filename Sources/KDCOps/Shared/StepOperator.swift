import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// An operator that is one program step in all its uses: what the step does is its evaluation too.
///
/// Values lie row-major and in their own type.
protocol StepOperator: Lowerable {
  /// The step from the buffers of operands (nil: absent) to those of results, which have the types that `outputTypes` gives.
  func step(
    _ name: String, _ inputs: [OperatorInput?], _ operands: [BufferID?], _ outputs: [TensorType], _ results: [BufferID]
  ) throws -> any Step
}

extension StepOperator {
  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] { try evaluateStep(inputs) }

  package func lower(_ node: Node, into lowering: inout Lowering) throws { try lowerStep(node, into: &lowering) }

  /// For operators that are a step in some of their uses.
  func evaluateStep(_ inputs: [Tensor?]) throws -> [Tensor] {
    let given = inputs.map { input in input.map { OperatorInput(type: $0.type, constant: $0) } }
    let types = try outputTypes(given)
    guard !types.allSatisfy({ $0.shape.count == 0 }) else { return types.map(Self.empty) }
    var buffers: [[UInt8]] = []
    let operands = inputs.map { input -> BufferID? in
      guard let input else { return nil }
      buffers.append(input.littleEndianBytes)
      return BufferID(buffers.count - 1)
    }
    let results = types.map { type in
      buffers.append([UInt8](repeating: 0, count: type.byteCount))
      return BufferID(buffers.count - 1)
    }
    let step = try step(Self.onnxName, given, operands, types, results)
    var memory = Memory(buffers: buffers, constants: [])
    step.run(&memory)
    return try zip(types, results).map { type, buffer in
      guard let tensor = Tensor(type, littleEndianBytes: memory[buffer]) else {
        throw InternalError("the step of '\(Self.onnxName)' does not give \(type)")
      }
      return tensor
    }
  }

  private static func empty(_ type: TensorType) -> Tensor {
    Tensor(type.shape, Numbers.signed([]).elements(as: type.dataType))
  }

  /// For operators that are a step in some of their uses.
  func lowerStep(_ node: Node, into lowering: inout Lowering) throws {
    var given: [OperatorInput?] = []
    var operands: [BufferID?] = []
    for name in node.inputs {
      guard !name.isEmpty else {
        given.append(nil)
        operands.append(nil)
        continue
      }
      given.append(OperatorInput(type: try lowering.type(of: name), constant: lowering.constant(name)))
      operands.append(try lowering.read(name, as: .native, in: [.rowMajor]).buffer)
    }
    let types = try outputTypes(given)
    var results: [BufferID] = []
    for (index, type) in types.enumerated() {
      let name = index < node.outputs.count ? node.outputs[index] : ""
      results.append(
        name.isEmpty ? lowering.temporary(type) : try lowering.write(name, as: .native, in: .rowMajor))
    }
    let (inputs, buffers, outputs) = (given, operands, results)
    let step = try step(node.name.isEmpty ? node.outputs.first ?? "" : node.name, inputs, buffers, types, outputs)
    lowering.append { _ in step }
  }
}

extension [BufferID?] {
  /// The buffer of a required operand.
  func required(_ index: Int) throws -> BufferID {
    guard index < count, let buffer = self[index] else { throw InternalError("operand \(index) is absent") }
    return buffer
  }
}

extension Operator {
  /// Whether steps can compute with values of a type; else KDC2015.
  func requireComputed(_ type: TensorType, _ name: String, allowsBool: Bool = false) throws(Diagnostic) {
    guard CastStep.types.contains(type.dataType), type.dataType != .bool || allowsBool else {
      throw typeMismatch("input \(name) is \(type), must be float32 or an integer type")
    }
  }
}
