import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// The attributes of ArgMax and ArgMin.
package struct ArgReductionOptions: Sendable {
  package let axis: Int
  package let keepsAxis: Bool
  /// Of equal elements the last wins, not the first.
  package let takesLast: Bool

  init(decoding node: Node) throws(Diagnostic) {
    axis = try node.int("axis", default: 0)
    keepsAxis = try node.flag("keepdims", default: true)
    takesLast = node.opset >= 12 ? try node.flag("select_last_index", default: false) : false
  }
}

/// The position of the best element along an axis, int64.
protocol ArgReduction: Lowerable, ChannelPassing {
  var options: ArgReductionOptions { get }
  static func isBetter<T: Comparable>(_ a: T, than b: T) -> Bool
}

extension ArgReduction {
  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "data").type
    guard type.dataType != .bool else { throw typeMismatch("is not defined for bool") }
    let axis = try normalized(axis: options.axis, rank: type.shape.rank)
    guard type.shape[axis] > 0 else { throw shapeMismatch("axis \(axis) of \(type.shape) has no elements") }
    return [TensorType(.int64, result(type.shape, axis))]
  }

  private func result(_ shape: Shape, _ axis: Int) -> Shape {
    var dims = shape.dims
    if options.keepsAxis { dims[axis] = 1 } else { dims.remove(at: axis) }
    return Shape(dims)
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    let split = try AxisSplit(self, axis: options.axis, of: x.shape)
    let axis = try normalized(axis: options.axis, rank: x.shape.rank)
    let best =
      switch x.elements.numbers {
      case .float(let values): positions(values, split)
      case .double(let values): positions(values, split)
      case .signed(let values): positions(values, split)
      case .unsigned(let values): positions(values, split)
      }
    return [Tensor(result(x.shape, axis), best)]
  }

  private func positions<T: Comparable>(_ values: [T], _ split: AxisSplit) -> [Int64] {
    var best: [Int64] = []
    best.reserveCapacity(split.outer * split.inner)
    for o in 0..<split.outer {
      for i in 0..<split.inner {
        let base = o * split.count * split.inner + i
        var (winner, value) = (0, values[base])
        for k in 1..<max(split.count, 1) {
          let candidate = values[base + k * split.inner]
          if Self.isBetter(candidate, than: value) || (options.takesLast && candidate == value) {
            (winner, value) = (k, candidate)
          }
        }
        best.append(Int64(winner))
      }
    }
    return best
  }

  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let type = try computedType(node, lowering)
    let shape = try lowering.shape(of: node.inputs[0])
    let axis = try normalized(axis: options.axis, rank: shape.rank)
    let form = try lowering.read(node.inputs[0], as: .native)
    // In the order of memory; what is left of it is the output's layout.
    let order = form.layout.order(rank: shape.rank)
    let sizes = order.map { shape[$0] }
    let place = order.firstIndex(of: axis) ?? axis
    let layout = try lowering.layoutAfter(form.layout, shape, [axis], try lowering.shape(of: node.outputs[0]))
    let output = try lowering.write(node.outputs[0], as: .native, in: layout)
    let (isMaximum, takesLast) = (Self.isBetter(1, than: 0), options.takesLast)
    lowering.append {
      ArgReduceStep(
        name: $0, type: type, isMaximum: isMaximum, takesLast: takesLast, input: form.buffer, output: output,
        outer: sizes[..<place].reduce(1, *), reduced: sizes[place], inner: sizes[(place + 1)...].reduce(1, *))
    }
  }
}

extension ArgReduction {
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    let axis = try normalized(axis: options.axis, rank: trace.shape(of: node.inputs[0]).rank)
    trace.reduce(node, { $0 == axis }, keepsAxes: options.keepsAxis)
  }
}
