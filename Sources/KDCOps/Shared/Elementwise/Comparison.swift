import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// An element-wise comparison of two operands of one type with broadcasting; gives bool.
protocol Comparison: Lowerable, ChannelPassing {
  init()
  static var operation: CompareStep.Operation { get }
  static func holds<T: Comparable>(_ a: T, _ b: T) -> Bool
  static var allowsBool: Bool { get }
}

extension Comparison {
  package static var allowsBool: Bool { false }
  package static var inputCount: ClosedRange<Int> { 2...2 }

  package init(decoding node: Node) throws(Diagnostic) { self.init() }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let (_, shapes) = try sameTypes(inputs, atLeast: 2) { $0 != .bool || Self.allowsBool }
    return [TensorType(.bool, try broadcast(shapes))]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let a = try inputs.required(0)
    let b = try inputs.required(1)
    let shape = try broadcast([a.shape, b.shape])
    let result =
      switch (a.elements.numbers, b.elements.numbers) {
      case (.float(let x), .float(let y)): broadcastMap(x, a.shape, y, b.shape, to: shape) { Self.holds($0, $1) }
      case (.double(let x), .double(let y)): broadcastMap(x, a.shape, y, b.shape, to: shape) { Self.holds($0, $1) }
      case (.signed(let x), .signed(let y)): broadcastMap(x, a.shape, y, b.shape, to: shape) { Self.holds($0, $1) }
      case (.unsigned(let x), .unsigned(let y)): broadcastMap(x, a.shape, y, b.shape, to: shape) { Self.holds($0, $1) }
      default: throw InternalError("operands \(a.type) and \(b.type) of '\(Self.onnxName)' differ in type")
      }
    return [Tensor(shape, result)]
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try computedType(node, lowering, allowsBool: true)
    let (operands, walk, layout) = try lowering.elementwiseOperands(
      node.inputs, try lowering.shape(of: node.outputs[0]))
    let output = try lowering.write(node.outputs[0], as: .native, in: layout)
    lowering.append {
      CompareStep(
        name: $0, operation: Self.operation, type: type, a: operands[0], b: operands[1], output: output, walk: walk)
    }
  }
}

/// An element-wise logical operation on two bool operands with broadcasting.
protocol LogicalOperation: Lowerable, ChannelPassing {
  init()
  static var operation: IntegerBinaryStep.Operation { get }
  static func apply(_ a: Bool, _ b: Bool) -> Bool
}

extension LogicalOperation {
  package static var inputCount: ClosedRange<Int> { 2...2 }

  package init(decoding node: Node) throws(Diagnostic) { self.init() }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let (_, shapes) = try sameTypes(inputs, atLeast: 2) { $0 == .bool }
    return [TensorType(.bool, try broadcast(shapes))]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    guard case .bool(let x) = a.elements, case .bool(let y) = b.elements else { throw InternalError("not bool") }
    let shape = try broadcast([a.shape, b.shape])
    return [Tensor(shape, broadcastMap(x, a.shape, y, b.shape, to: shape) { Self.apply($0, $1) })]
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let (operands, walk, layout) = try lowering.elementwiseOperands(
      node.inputs, try lowering.shape(of: node.outputs[0]))
    let output = try lowering.write(node.outputs[0], as: .native, in: layout)
    lowering.integerBinary(Self.operation, .bool, operands[0], operands[1], to: output, walk: walk)
  }
}

extension Comparison {
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.broadcast(node) }
}

extension LogicalOperation {
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.broadcast(node) }
}
