import KDCGraph
import KDCProgram

/// a · b, with broadcasting. ONNX `Mul`, opsets 7, 13, 14. Integers wrap.
package struct Mul: BinaryArithmetic, Quantizable, DifferentiablePair, ScalePassing {
  package static let onnxName = "Mul"
  package init() {}
  package static var operation: FloatBinaryStep.Operation { .multiply }
  package var quantizationRule: QuantizationRule { .integer }

  static func apply<T: ArithmeticNumber>(_ a: T, _ b: T) -> T { a.times(b) }
  static func derivatives(_ a: Float, _ b: Float) -> (a: Float, b: Float) { (b, a) }

  func lowerIntegers(_ node: Node, into lowering: inout Lowering) throws -> Bool {
    try lowering.integerMultiply(node.inputs[0], node.inputs[1], node.outputs[0])
  }

  package func isPower(_ node: Node, in graph: Graph) -> Bool {
    node.inputs.count == 2 && node.inputs[0] == node.inputs[1]
  }

  package func scaled(
    _ node: Node, _ channels: [String: ScaledChannels], in graph: Graph
  ) -> [ScaledChannels?]? {
    scaledProduct(node, channels, in: graph, operands: 0...1)
  }
}
