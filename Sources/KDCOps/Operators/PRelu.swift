import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// x < 0 ? slope·x : x; slope broadcasts to x. ONNX `PRelu`, opsets 7, 9, 16. int8: one table per channel.
package struct PRelu: Elementwise, Quantizable, DifferentiablePair, ChannelPassing, PrecisionPassing, UnaryScalePassing,
  Trainable
{
  package static let onnxName = "PRelu"
  package static let inputCount = 2...2
  package init(decoding node: Node) throws(Diagnostic) {}

  package var quantizationRule: QuantizationRule { .integer }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let shape = try requiredFloat(inputs, 0, "X")
    let slope = try requiredFloat(inputs, 1, "slope")
    guard try broadcast([shape, slope]) == shape else {
      throw shapeMismatch("slope \(slope) does not broadcast to X \(shape)")
    }
    return [TensorType(.float32, shape)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let (x, slope) = (try inputs.floats(0), try inputs.floats(1))
    return [
      Tensor(
        x.shape, broadcastMap(x.values, x.shape, slope.values, slope.shape, to: x.shape) { $0 < 0 ? $1 * $0 : $0 })
    ]
  }
  static func derivatives(_ a: Float, _ b: Float) -> (a: Float, b: Float) { a < 0 ? (b, a) : (1, 0) }

  package func trace(_ node: Node, in trace: inout ChannelTrace) throws { trace.broadcast(node) }
  package var precision: PrecisionFlow { .elementwise(0...0) }

  func scaled(
    _ own: ScaledChannels, _ node: Node, _ shape: Shape, _ result: Shape, in graph: Graph
  ) -> [ScaledChannels?]? {
    node.input(1).flatMap { graph.initializers[$0] } == nil ? nil : [own]
  }
  package func parameters(_ shapes: [Shape?]) -> [LayerParameter] { [LayerParameter(1, .constant(0.25))] }
}

extension PRelu: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let name = node.inputs[0]
    if lowering.constant(node.inputs[1]) != nil,
      try lowerWithConstant(node, into: &lowering, { x, slope in x < 0 ? slope * x : x })
    {
      return
    }
    // max(x, 0) + slope · min(x, 0), one of which is 0.
    let shape = try lowering.shape(of: name)
    let form = try lowering.read(name, as: .native, in: [.rowMajor])
    let slope = try lowering.read(node.inputs[1], as: .native, in: [.rowMajor])
    let positive = lowering.unary(.relu, form.buffer, count: shape.count)
    let negative = lowering.unary(FloatFunction(.clip, a: -.infinity, b: 0), form.buffer, count: shape.count)
    let scaled = lowering.temporary(TensorType(.float32, shape))
    let walk = lowering.binaryWalk(
      (form, shape), (slope, try lowering.shape(of: node.inputs[1])), shape, .rowMajor)
    lowering.append {
      FloatBinaryStep(name: $0, operation: .multiply, a: negative, b: slope.buffer, output: scaled, walk: walk)
    }
    let target = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    _ = lowering.binary(.add, positive, scaled, rows: 1, columns: shape.count, strideB: (0, 1), to: target)
  }
}
