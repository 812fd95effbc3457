import KDCGraph
import KDCProgram

/// a − b, with broadcasting. ONNX `Sub`, opsets 7, 13, 14. Integers wrap.
package struct Sub: BinaryArithmetic, Quantizable, WeightedSum {
  package static let onnxName = "Sub"
  package init() {}
  package static var isSum: Bool { true }
  package static var operation: FloatBinaryStep.Operation { .subtract }
  package var quantizationRule: QuantizationRule { .integer }

  static func apply<T: ArithmeticNumber>(_ a: T, _ b: T) -> T { a.minus(b) }
  static func factor(_ index: Int, of count: Int) -> Float { index == 0 ? 1 : -1 }

  func lowerIntegers(_ node: Node, into lowering: inout Lowering) throws -> Bool {
    try lowering.integerAdd(node.inputs[0], node.inputs[1], node.outputs[0], sign: -1)
  }

  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    guard node.inputs.contains(where: graph.isMask) else { return nil }
    return PrecisionDemand(node.inputs.indices.map { ($0, .elementwise) })
  }
}
