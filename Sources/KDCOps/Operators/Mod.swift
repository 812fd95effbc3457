import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Remainder of a / b with broadcasting. ONNX `Mod`, opsets 10, 13.
///
/// `fmod` 0: integers, the sign of b (Python); 1: the sign of a (C), the only form for floats.
package struct Mod: ChannelPassing {
  package static let onnxName = "Mod"
  package static let inputCount = 2...2
  package let takesSignOfDividend: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    takesSignOfDividend = try node.flag("fmod", default: false)
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let (dataType, shapes) = try sameTypes(inputs, atLeast: 2)
    guard takesSignOfDividend || !dataType.isFloat else {
      throw typeMismatch("\(dataType.rawValue) inputs need the attribute fmod = 1")
    }
    return [TensorType(dataType, try broadcast(shapes))]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    try refuseZeroDivisor(b)
    let shape = try broadcast([a.shape, b.shape])
    let numbers: Numbers
    switch (a.elements.numbers, b.elements.numbers) {
    case (.float(let x), .float(let y)):
      numbers = .float(broadcastMap(x, a.shape, y, b.shape, to: shape) { fmod($0, $1) })
    case (.double(let x), .double(let y)):
      numbers = .double(broadcastMap(x, a.shape, y, b.shape, to: shape) { fmod($0, $1) })
    case (.signed(let x), .signed(let y)):
      numbers = .signed(broadcastMap(x, a.shape, y, b.shape, to: shape) { remainder($0, $1) })
    case (.unsigned(let x), .unsigned(let y)):
      numbers = .unsigned(broadcastMap(x, a.shape, y, b.shape, to: shape) { $1 == 0 ? 0 : $0 % $1 })
    default: throw InternalError("operands \(a.type) and \(b.type) of 'Mod' differ in type")
    }
    return [Tensor(shape, numbers.elements(as: a.dataType))]
  }

  private func remainder(_ a: Int64, _ b: Int64) -> Int64 {
    guard b != 0 else { return 0 }
    let r = a.remainderReportingOverflow(dividingBy: b).partialValue
    return !takesSignOfDividend && r != 0 && (r < 0) != (b < 0) ? r + b : r
  }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.broadcast(node) }
}

extension Mod: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try computedType(node, lowering)
    let (operands, walk, layout) = try lowering.elementwiseOperands(
      Array(node.inputs.prefix(2)), try lowering.shape(of: node.outputs[0]))
    let output = try lowering.write(node.outputs[0], as: .native, in: layout)
    if type == .float32 {
      return try lowering.arithmetic(.remainder, type, operands[0], operands[1], to: output, walk: walk)
    }
    lowering.integerBinary(
      takesSignOfDividend ? .remainder : .modulo, type, operands[0], operands[1], to: output, walk: walk)
  }
}
