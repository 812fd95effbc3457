import Foundation
import KDCGraph
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct ElementwiseGradientTests {
  struct Function: Sendable, CustomStringConvertible {
    var name: String
    var domain = ""
    var opset = 20
    var attributes: [String: Attribute] = [:]
    /// The inputs lie between these.
    var range: ClosedRange<Float> = -4...4
    var f: @Sendable (Double) -> Double
    var description: String { name }
  }

  static let functions: [Function] = [
    Function(name: "Abs") { abs($0) },
    Function(name: "Acos", range: -0.9...0.9) { acos($0) },
    Function(name: "Acosh", range: 1.2...4) { acosh($0) },
    Function(name: "Asin", range: -0.9...0.9) { asin($0) },
    Function(name: "Asinh") { asinh($0) },
    Function(name: "Atan") { atan($0) },
    Function(name: "Atanh", range: -0.9...0.9) { atanh($0) },
    Function(name: "Celu", attributes: ["alpha": .float(0.7)]) { $0 >= 0 ? $0 : 0.7 * (exp($0 / 0.7) - 1) },
    Function(name: "Clip", opset: 6, attributes: ["min": .float(-1), "max": .float(2)]) { min(max($0, -1), 2) },
    Function(name: "Cos") { cos($0) },
    Function(name: "Cosh") { cosh($0) },
    Function(name: "Elu", attributes: ["alpha": .float(0.7)]) { $0 >= 0 ? $0 : 0.7 * (exp($0) - 1) },
    Function(name: "Erf") { erf($0) },
    Function(name: "Exp") { exp($0) },
    Function(name: "Gelu") { 0.5 * $0 * (1 + erf($0 / 2.squareRoot())) },
    Function(name: "Gelu", attributes: ["approximate": .string("tanh")]) {
      0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
    },
    Function(name: "HardSigmoid", attributes: ["alpha": .float(0.25)]) { max(0, min(1, 0.25 * $0 + 0.5)) },
    Function(name: "HardSwish") { $0 * max(0, min(1, $0 / 6 + 0.5)) },
    Function(name: "Identity") { $0 },
    Function(name: "Dropout") { $0 },
    Function(name: "LeakyRelu", attributes: ["alpha": .float(0.1)]) { $0 < 0 ? 0.1 * $0 : $0 },
    Function(name: "Log", range: 0.2...4) { log($0) },
    Function(name: "Mish") { $0 * tanh(log1p(exp($0))) },
    Function(name: "Neg") { -$0 },
    Function(name: "QuickGelu", domain: "com.microsoft") { $0 / (1 + exp(-Double(Float(1.702)) * $0)) },
    Function(name: "Reciprocal", range: 0.3...4) { 1 / $0 },
    Function(name: "Relu") { max($0, 0) },
    Function(name: "Selu") {
      Double(Float(1.050701)) * ($0 > 0 ? $0 : Double(Float(1.6732632)) * (exp($0) - 1))
    },
    Function(name: "Sigmoid") { 1 / (1 + exp(-$0)) },
    Function(name: "Shrink", range: 0.6...4) { $0 },
    Function(name: "Sin") { sin($0) },
    Function(name: "Sinh") { sinh($0) },
    Function(name: "Softplus") { log1p(exp($0)) },
    Function(name: "Softsign") { $0 / (1 + abs($0)) },
    Function(name: "Sqrt", range: 0.2...4) { $0.squareRoot() },
    Function(name: "Swish", opset: 24, attributes: ["alpha": .float(1.5)]) { $0 / (1 + exp(-1.5 * $0)) },
    Function(name: "Tan", range: -1...1) { tan($0) },
    Function(name: "Tanh") { tanh($0) },
    Function(name: "ThresholdedRelu", range: 1.1...4) { $0 },
  ]

  @Test("Gradients of functions of one input equal central differences", arguments: functions)
  func unary(_ function: Function) throws {
    var random = SeededGenerator(seed: 121)
    let x = Tensor([3, 7, 5], (0..<105).map { _ in Float.random(in: function.range, using: &random) })
    let op = OperatorCase(function.name, domain: function.domain, opset: function.opset, function.attributes)
    try GradientCheck(name: function.name, op: op, inputs: [x]) { [$0[0].map(function.f)] }.run(seed: 122)
  }

  @Test("Clip with bounds that are inputs passes the gradient between them")
  func clipInputs() throws {
    var random = SeededGenerator(seed: 123)
    let inputs = [random.tensor(4, 5), Tensor([], [Float(-0.5)]), Tensor([], [Float(0.25)])]
    try GradientCheck(name: "Clip", op: OperatorCase("Clip"), inputs: inputs, wanted: [0]) { v in
      [v[0].map { min(max($0, v[1][0]), v[2][0]) }]
    }.run(seed: 124)
  }

  struct Operation: Sendable, CustomStringConvertible {
    var name: String
    var count = 2
    /// The operands lie between these.
    var range: ClosedRange<Float> = -2...2
    var f: @Sendable ([Double]) -> Double
    var description: String { name }
  }

  static let operations: [Operation] = [
    Operation(name: "Add") { $0[0] + $0[1] },
    Operation(name: "Sub") { $0[0] - $0[1] },
    Operation(name: "Mul") { $0[0] * $0[1] },
    Operation(name: "Div", range: 0.5...2) { $0[0] / $0[1] },
    Operation(name: "Pow", range: 0.3...2) { pow($0[0], $0[1]) },
    Operation(name: "PRelu") { $0[0] < 0 ? $0[0] * $0[1] : $0[0] },
    Operation(name: "Max", count: 3) { $0.max() ?? 0 },
    Operation(name: "Min", count: 3) { $0.min() ?? 0 },
    Operation(name: "Sum", count: 3) { $0.reduce(0, +) },
    Operation(name: "Mean", count: 3) { $0.reduce(0, +) / 3 },
  ]

  @Test("Gradients of element-wise operators equal central differences under broadcasting", arguments: operations)
  func operands(_ operation: Operation) throws {
    var random = SeededGenerator(seed: 125)
    let shapes: [[[Int]]] = [
      [[2, 3, 5], [2, 3, 5], [2, 3, 5]], [[2, 3, 5], [3, 1], [5]], [[2, 3, 4, 2], [1, 3, 1, 1], [1]],
      [[3, 5], [], [3, 1]], [[2, 1, 5], [3, 1], [1, 5]],
    ]
    for dims in shapes where operation.name != "PRelu" || dims[0] != [2, 1, 5] {
      let used = Array(dims.prefix(operation.count))
      let rank = used.map(\.count).max() ?? 0
      var all = [Int](repeating: 1, count: rank)
      for shape in used {
        for (axis, dim) in zip(rank - shape.count..<rank, shape) { all[axis] = max(all[axis], dim) }
      }
      let output = Positions(all)
      let inputs = used.map { shape in
        Tensor(
          Shape(shape), (0..<Positions(shape).count).map { _ in Float.random(in: operation.range, using: &random) })
      }
      try GradientCheck(name: "\(operation.name) \(used)", op: OperatorCase(operation.name), inputs: inputs) { v in
        [
          (0..<output.count).map { at in
            operation.f(used.indices.map { v[$0][Positions(used[$0]).broadcast(output.at(at))] })
          }
        ]
      }.run(seed: 126)
    }
  }

  @Test("A square has the gradient 2·x at zero and below too")
  func square() throws {
    let x = Tensor([3], [-1.5, 0, 2] as [Float])
    try GradientCheck(
      name: "Pow", op: OperatorCase("Pow"), inputs: [x, Tensor([], [Float(2)])], wanted: [0]
    ) { v in [v[0].map { $0 * $0 }] }.run(seed: 127)
  }

  @Test("Where passes each gradient to the operand that was chosen")
  func choice() throws {
    var random = SeededGenerator(seed: 128)
    let condition = Tensor([3, 1], [true, false, true])
    try GradientCheck(
      name: "Where", op: OperatorCase("Where"), inputs: [condition, random.tensor(3, 4), random.tensor(2, 1, 4)]
    ) { v in
      [(0..<24).map { at in v[0][at / 4 % 3] != 0 ? v[1][at % 12] : v[2][at / 12 * 4 + at % 4] }]
    }.run(seed: 129)
  }
}
