import KDCDiagnostics
import KDCGraph
import KDCTensor

/// x in uint8, with the scale and the zero point that its own range, 0 included, asks for. ONNX `DynamicQuantizeLinear`, opset 11.
package struct DynamicQuantizeLinear: Expanding {
  package static let onnxName = "DynamicQuantizeLinear"
  package static let outputCount = 3...3

  package init(decoding node: Node) throws(Diagnostic) {}

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let shape = try requiredFloat(inputs, 0, "x")
    guard shape.count > 0 else { throw shapeMismatch("x \(shape) has no elements, and so no range") }
    let x = expansion.inputs[0] ?? ""
    let zero = expansion.scalar(0)
    let axes = Array(0..<shape.rank)
    let low = try expansion.add("Min", [expansion.reduce("ReduceMin", x, axes: axes, keeps: false), zero])
    let high = try expansion.add("Max", [expansion.reduce("ReduceMax", x, axes: axes, keeps: false), zero])
    let range = try expansion.add("Sub", [high, low])
    let scale = try expansion.add("Div", [range, expansion.scalar(255)])
    // A tensor of zeros has scale 0: the quotients are taken by 1 then, and are 0.
    let isZero = try expansion.add("Equal", [scale, zero])
    let divisor = try expansion.add("Where", [isZero, expansion.scalar(1), scale])
    let offset = try expansion.add("Div", [expansion.add("Sub", [zero, low]), divisor])
    let bounds = [expansion.scalar(0), expansion.scalar(255)]
    let rounded = try expansion.add("Round", [expansion.add("Clip", [offset] + bounds)])
    let zeroPoint = try expansion.cast(rounded, to: .uint8)
    let y = try expansion.add("QuantizeLinear", [x, divisor, zeroPoint])
    expansion.outputs = [y, scale, zeroPoint]
  }
}
