import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// condition ? x : y, element by element with broadcasting. ONNX `Where`, opsets 9, 16.
package struct Where: ChannelPassing, PrecisionPassing {
  package static let onnxName = "Where"
  package static let inputCount = 3...3
  package init(decoding node: Node) throws(Diagnostic) {}

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let condition = try required(inputs, 0, "condition").type
    let x = try required(inputs, 1, "X").type
    let y = try required(inputs, 2, "Y").type
    guard condition.dataType == .bool else { throw typeMismatch("input condition is \(condition), must be bool") }
    guard x.dataType == y.dataType else { throw typeMismatch("input X is \(x) and input Y is \(y)") }
    return [TensorType(x.dataType, try broadcast([condition.shape, x.shape, y.shape]))]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let (condition, x, y) = (try inputs.required(0), try inputs.required(1), try inputs.required(2))
    let shape = try broadcast([condition.shape, x.shape, y.shape])
    guard case .bool(let chosen) = condition.expanded(to: shape).elements else { throw InternalError("not bool") }
    let both = try Tensor.chained([x.expanded(to: shape), y.expanded(to: shape)])
    return [both.picked(chosen.indices.map { chosen[$0] ? $0 : chosen.count + $0 }, shape: shape)]
  }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.broadcast(node) }
  package var precision: PrecisionFlow { .elementwise(1...2) }
}

extension Where: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try lowering.type(of: node.outputs[0])
    let (operands, walk, layout) = try lowering.elementwiseOperands(Array(node.inputs.prefix(3)), type.shape)
    let output = try lowering.write(node.outputs[0], as: .native, in: layout)
    lowering.append {
      SelectStep(
        name: $0, condition: operands[0], a: operands[1], b: operands[2], output: output,
        elementBytes: type.dataType.byteCount, walk: walk)
    }
  }
}

extension Where: Differentiable {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    var result = [Tensor?].none(inputs.count)
    guard let gradient = try outputGradients.gradient(), let shape = outputs.first?.shape else { return result }
    guard case .bool(let chosen) = try inputs.required(0).expanded(to: shape).elements else {
      throw InternalError("condition of 'Where' is not bool")
    }
    for index in [1, 2] where wanted.at(index) {
      guard let input = inputs.optional(index), input.dataType == .float32 else { continue }
      let own = zip(gradient, chosen).map { $1 == (index == 1) ? $0 : 0 }
      result[index] = try Tensor(shape, own).summed(to: input.shape)
    }
    return result
  }
}
