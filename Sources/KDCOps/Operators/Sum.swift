import KDCGraph
import KDCProgram

/// The sum of one or more inputs, with broadcasting. ONNX `Sum`, opsets 8, 13. Integers wrap.
package struct Sum: BinaryArithmetic, WeightedSum {
  package static let onnxName = "Sum"
  package init() {}
  package static var isSum: Bool { true }
  package static var operation: FloatBinaryStep.Operation { .add }
  package static var isVariadic: Bool { true }

  static func apply<T: ArithmeticNumber>(_ a: T, _ b: T) -> T { a.plus(b) }
  static func factor(_ index: Int, of count: Int) -> Float { 1 }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    if node.inputs.count == 2,
      try lowering.integerAdd(node.inputs[0], node.inputs[1], node.outputs[0], sign: 1)
    {
      return
    }
    try lowerFold(node, Self.operation, into: &lowering)
  }
}
