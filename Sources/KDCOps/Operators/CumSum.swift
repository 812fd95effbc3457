import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Running sum along a constant axis. ONNX `CumSum`, opsets 11, 14.
///
/// `exclusive` leaves out the element itself; `reverse` sums from the end.
package struct CumSum: PrecisionPassing {
  package static let onnxName = "CumSum"
  package static let inputCount = 2...2
  package let isExclusive: Bool
  package let isReversed: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    isExclusive = try node.flag("exclusive", default: false)
    isReversed = try node.flag("reverse", default: false)
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
    let numbers: Numbers =
      switch x.elements.numbers {
      case .float(let values): .float(sums(values, split, 0))
      case .double(let values): .double(sums(values, split, 0))
      case .signed(let values): .signed(sums(values, split, 0))
      case .unsigned(let values): .unsigned(sums(values, split, 0))
      }
    return [Tensor(x.shape, numbers.elements(as: x.dataType))]
  }

  private func sums<T: ArithmeticNumber>(_ values: [T], _ split: AxisSplit, _ zero: T) -> [T] {
    var result = values
    for row in 0..<split.outer * split.inner {
      let base = row / split.inner * split.count * split.inner + row % split.inner
      var sum = zero
      for k in 0..<split.count {
        let at = base + (isReversed ? split.count - 1 - k : k) * split.inner
        let next = sum.plus(values[at])
        result[at] = isExclusive ? sum : next
        sum = next
      }
    }
    return result
  }

  package var precision: PrecisionFlow { .elementwise(0...0) }
}

extension CumSum: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try computedType(node, lowering)
    let split = try AxisSplit(
      self, axis: lowering.integers(node, 1)?.first ?? 0, of: try lowering.shape(of: node.inputs[0]))
    let input = try lowering.read(node.inputs[0], as: .native, in: [.rowMajor]).buffer
    let output = try lowering.write(node.outputs[0], as: .native, in: .rowMajor)
    lowering.append {
      CumulativeSumStep(
        name: $0, type: type, input: input, output: output, outer: split.outer, count: split.count,
        inner: split.inner, exclusive: isExclusive, reversed: isReversed)
    }
  }
}
