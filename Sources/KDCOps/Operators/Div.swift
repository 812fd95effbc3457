import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// a / b with broadcasting. ONNX `Div`, opsets 7, 13, 14. Integers divide toward zero.
package struct Div: BinaryArithmetic, DifferentiablePair, ScalePassing {
  package static let onnxName = "Div"
  package init() {}
  package static var operation: FloatBinaryStep.Operation { .divide }

  static func apply<T: ArithmeticNumber>(_ a: T, _ b: T) -> T { a.divided(by: b) }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let (a, b) = (try inputs.required(0), try inputs.required(1))
    try refuseZeroDivisor(b)
    return [try Self.combined(a, b)]
  }
  static func derivatives(_ a: Float, _ b: Float) -> (a: Float, b: Float) { (1 / b, -a / (b * b)) }

  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    guard let divisor = node.input(1), graph.initializers[divisor] == nil else { return nil }
    return PrecisionDemand([(1, .layer), (0, .elementwise)])
  }

  package func scaled(
    _ node: Node, _ channels: [String: ScaledChannels], in graph: Graph
  ) -> [ScaledChannels?]? {
    scaledProduct(node, channels, in: graph, operands: 0...0)
  }
}

extension Operator {
  /// Throws KDC2018 for an integer divisor with a zero in it.
  func refuseZeroDivisor(_ b: Tensor) throws(Diagnostic) {
    let hasZero =
      switch b.elements.numbers {
      case .signed(let values): values.contains(0)
      case .unsigned(let values): values.contains(0)
      case .float, .double: false
      }
    if hasZero { throw Diagnostic(.valueOutOfRange, "'\(Self.onnxName)' divides integers by zero") }
  }
}
