import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// A running sum or product along a constant axis.
///
/// `exclusive` leaves out the element itself; `reverse` goes from the end.
protocol CumulativeOperator: PrecisionPassing, Lowerable {
  var isExclusive: Bool { get }
  var isReversed: Bool { get }
  init(isExclusive: Bool, isReversed: Bool)
  static var operation: CumulativeStep.Operation { get }
  static func combined<T: ArithmeticNumber>(_ result: T, _ x: T) -> T
}

extension CumulativeOperator {
  package static var inputCount: ClosedRange<Int> { 2...2 }

  package init(decoding node: Node) throws(Diagnostic) {
    self.init(
      isExclusive: try node.flag("exclusive", default: false), isReversed: try node.flag("reverse", default: false))
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "x").type
    guard type.dataType != .bool else { throw typeMismatch("is not defined for bool") }
    _ = try required(inputs, 1, "axis")
    let axes = try constantInts(inputs, 1, "axis") ?? []
    guard axes.count == 1 else { throw shapeMismatch("axis must be a scalar") }
    _ = try normalized(axis: axes[0], rank: type.shape.rank)
    return [type]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let split = try AxisSplit(self, axis: inputs.optionalInts(1)?.first ?? 0, of: x.shape)
    let isSum = Self.operation == .sum
    let numbers: Numbers =
      switch x.elements.numbers {
      case .float(let values): .float(accumulated(values, split, isSum ? 0 : 1))
      case .double(let values): .double(accumulated(values, split, isSum ? 0 : 1))
      case .signed(let values): .signed(accumulated(values, split, isSum ? 0 : 1))
      case .unsigned(let values): .unsigned(accumulated(values, split, isSum ? 0 : 1))
      }
    return [Tensor(x.shape, numbers.elements(as: x.dataType))]
  }

  private func accumulated<T: ArithmeticNumber>(_ values: [T], _ split: AxisSplit, _ start: T) -> [T] {
    var result = values
    for row in 0..<split.outer * split.inner {
      let base = row / split.inner * split.count * split.inner + row % split.inner
      var total = start
      for k in 0..<split.count {
        let at = base + (isReversed ? split.count - 1 - k : k) * split.inner
        let next = Self.combined(total, values[at])
        result[at] = isExclusive ? total : next
        total = next
      }
    }
    return result
  }

  package var precision: PrecisionFlow { .elementwise(0...0) }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try computedType(node, lowering)
    let split = try AxisSplit(
      self, axis: lowering.integers(node, 1)?.first ?? 0, of: try lowering.shape(of: node.inputs[0]))
    let input = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let output = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    lowering.append {
      CumulativeStep(
        name: $0, operation: Self.operation, type: type, input: input, output: output, outer: split.outer,
        count: split.count, inner: split.inner, exclusive: isExclusive, reversed: isReversed)
    }
  }
}
