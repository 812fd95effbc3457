import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// gamma · (x > 0 ? x : alpha·(e^x − 1)). ONNX `Selu`, opset 6.
package struct Selu: UnaryFunction, DifferentiableFunction {
  package static let onnxName = "Selu"
  package let alpha: Float
  package let gamma: Float

  package init(decoding node: Node) throws(Diagnostic) {
    alpha = try node.float("alpha", default: 1.673_263_2)
    gamma = try node.float("gamma", default: 1.050_701)
  }

  package var function: FloatFunction? { nil }
  package func apply(_ x: Float) -> Float { gamma * (x >= 0 ? x : alpha * FloatMath.expMinusOne(x)) }
  func derivative(_ x: Float, _ y: Float) -> Float { x > 0 ? gamma : y + gamma * alpha }

  /// gamma · elu(x): two steps where it runs in float.
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    try requireFloat(node, lowering)
    if try lowering.integerTable(node.inputs[0], node.outputs[0], channels: 1, { x, _ in apply(x) }) { return }
    let count = try lowering.shape(of: node.inputs[0]).count
    let form = try lowering.read(node.inputs[0], as: .native)
    let elu = lowering.unary(FloatFunction(.elu, a: alpha), form.buffer, count: count)
    let factor = lowering.loaded(Tensor([1], [gamma]), "gamma")
    let target = try lowering.write(node.outputs[0], as: .native, in: form.layout)
    _ = lowering.binary(.multiply, elu, factor, rows: 1, columns: count, strideB: (0, 0), to: target)
  }
}
