import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// The mean of one or more float inputs with broadcasting. ONNX `Mean`, opsets 8, 13.
package struct Mean: ElementwiseArithmetic, WeightedSum, ChannelPassing, PrecisionPassing {
  package static let onnxName = "Mean"
  package static let inputCount = 1...Int.max
  package init(decoding node: Node) throws(Diagnostic) {}

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let (dataType, shapes) = try sameTypes(inputs, atLeast: 1) { $0 == .float32 }
    return [TensorType(dataType, try broadcast(shapes))]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    var sum = try inputs.required(0)
    for index in inputs.indices.dropFirst() { sum = try Sum.combined(sum, inputs.required(index)) }
    guard let values = sum.floats else { throw InternalError("'Mean' of \(sum.type)") }
    let count = Float(inputs.count)
    return [Tensor(sum.shape, values.map { $0 / count })]
  }
  static func factor(_ index: Int, of count: Int) -> Float { 1 / Float(count) }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.broadcast(node) }
  package var precision: PrecisionFlow { .elementwise(PrecisionFlow.all) }
}

extension Mean: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    guard node.inputs.count > 1 else { return try lowering.view(node.inputs[0], node.outputs[0]) }
    let sum = try lowering.fold(.add, node.inputs, .float32, to: nil)
    let count = lowering.loaded(Tensor([1], [Float(node.inputs.count)]), "count")
    let output = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    let elements = try lowering.shape(of: node.outputs[0]).count
    try lowering.arithmetic(
      .divide, .float32, sum, count, to: output, walk: Walk(extents: [elements], strides: [[1], [0], [1]]))
  }
}
