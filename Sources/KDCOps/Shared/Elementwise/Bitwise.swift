import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// An element-wise operation on the bits of two operands of one integer type, with broadcasting.
protocol BitwiseOperation: Lowerable, ChannelPassing {
  static var allowedTypes: [DataType] { get }
  var operation: IntegerBinaryStep.Operation { get }
  func apply<T: FixedWidthInteger>(_ a: T, _ b: T) -> T
}

extension BitwiseOperation {
  package static var inputCount: ClosedRange<Int> { 2...2 }
  package static var allowedTypes: [DataType] { DataType.allCases.filter { !$0.isFloat && $0 != .bool } }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let (type, shapes) = try sameTypes(inputs, atLeast: 2) { Self.allowedTypes.contains($0) }
    return [TensorType(type, try broadcast(shapes))]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    let shape = try broadcast([a.shape, b.shape])
    let numbers: Numbers
    switch (a.elements.numbers, b.elements.numbers) {
    case (.signed(let x), .signed(let y)):
      numbers = .signed(broadcastMap(x, a.shape, y, b.shape, to: shape) { apply($0, $1) })
    case (.unsigned(let x), .unsigned(let y)):
      numbers = .unsigned(broadcastMap(x, a.shape, y, b.shape, to: shape) { apply($0, $1) })
    default: throw InternalError("operands \(a.type) and \(b.type) of '\(Self.onnxName)'")
    }
    return [Tensor(shape, numbers.elements(as: a.dataType))]
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try lowering.type(of: node.outputs[0])
    let (operands, walk, layout) = try lowering.elementwiseOperands(node.inputs, type.shape)
    let output = try lowering.write(node.outputs[0], as: .native, in: layout)
    lowering.integerBinary(operation, type.dataType, operands[0], operands[1], to: output, walk: walk)
  }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.broadcast(node) }
}
