import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// A function of float rows along one axis: Softmax and its kin.
protocol AxisFunction: Quantizable, Lowerable, ChannelPassing, PrecisionPassing {
  var rows: RowAxis { get }
  /// Replaces the elements of a row, `stride` apart, by the function's.
  func apply(_ row: UnsafeMutablePointer<Float>, stride: Int, count: Int)
}

/// Which elements make a row: those along `axis`, or where it `flattens`, of all axes from there on.
package struct RowAxis: Sendable {
  package let axis: Int
  package let flattens: Bool

  /// The attribute `axis`; before opset 13 it flattens.
  init(decoding node: Node) throws(Diagnostic) {
    flattens = node.opset < 13
    axis = try node.int("axis", default: flattens ? 1 : -1)
  }

  init(axis: Int) {
    self.axis = axis
    flattens = false
  }
}

extension AxisFunction {
  package var quantizationRule: QuantizationRule { .float }

  package func needs(_ node: Node, in graph: Graph, _ isSquare: (String) -> Bool) -> PrecisionDemand? {
    needsElementwise()
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let shape = try requiredFloat(inputs, 0, "input")
    _ = try split(shape)
    return [TensorType(.float32, shape)]
  }

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    var (shape, values) = try inputs.floats(0)
    try split(shape).forEachRow(in: &values) { row, _, stride, count in apply(row, stride: stride, count: count) }
    return [Tensor(shape, values)]
  }

  func split(_ shape: Shape) throws(Diagnostic) -> AxisSplit {
    try AxisSplit(self, axis: rows.axis, of: shape, flattens: rows.flattens)
  }

  /// The input in float, and its rows in the order of its elements: row-major where several axes make a row.
  func lowerRows(
    _ node: Node, into lowering: inout Lowering
  ) throws -> (form: Lowering.Form, outer: Int, count: Int, inner: Int) {
    try requireFloat(node, lowering)
    let shape = try lowering.shape(of: node.inputs[0])
    let (axis, flattens) = (rows.axis, rows.flattens)
    let isOneAxis =
      !flattens || shape.dims.dropFirst(axis < 0 ? axis + shape.rank + 1 : axis + 1).allSatisfy { $0 == 1 }
    let form = try lowering.read(node.inputs[0], as: .native, in: isOneAxis ? nil : [.rowMajor])
    let start = flattens && axis == shape.rank ? axis : try normalized(axis: axis, rank: shape.rank)
    guard isOneAxis, start < shape.rank else {
      return (form, shape.dims[..<start].reduce(1, *), shape.dims[start...].reduce(1, *), 1)
    }
    let sizes = form.layout.order(rank: shape.rank).map { shape[$0] }
    let position = form.layout.order(rank: shape.rank).firstIndex(of: start) ?? 0
    return (form, sizes[..<position].reduce(1, *), shape[start], sizes[(position + 1)...].reduce(1, *))
  }

  /// The steps of Softmax or its logarithm.
  func lowerSoftmax(_ node: Node, isLog: Bool, into lowering: inout Lowering) throws {
    let (form, outer, count, inner) = try lowerRows(node, into: &lowering)
    let output = try lowering.write(node.outputs[0], as: .native, in: form.layout)
    lowering.append {
      SoftmaxStep(
        name: $0, input: form.buffer, output: output, outer: outer, count: count, inner: inner, isLog: isLog)
    }
  }
}

/// An axis function whose gradient follows from its result.
protocol DifferentiableAxisFunction: AxisFunction, Differentiable {
  /// Fills a row of ∂L/∂x from those of ∂L/∂y and y, all with elements `stride` apart.
  func backpropagate(
    _ gradient: UnsafePointer<Float>, _ y: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>, stride: Int,
    count: Int)
}

extension DifferentiableAxisFunction {
  package func gradients(
    inputs: [Tensor?], outputs: [Tensor], outputGradients: [Tensor?], wanted: [Bool]
  ) throws -> [Tensor?] {
    guard wanted.at(0), let gradient = try outputGradients.gradient() else { return .none(inputs.count) }
    let (shape, y) = try outputs.floats(0)
    let split = try split(shape)
    var values = [Float](repeating: 0, count: y.count)
    gradient.withPointer { gradient in
      y.withPointer { y in
        split.forEachRow(in: &values) { result, start, stride, count in
          backpropagate(gradient + start, y + start, into: result, stride: stride, count: count)
        }
      }
    }
    return [Tensor(shape, values)]
  }
}

extension AxisFunction {
  package func trace(_ node: Node, in trace: inout ChannelTrace) throws {
    let start = rows.axis < 0 ? rows.axis + trace.shape(of: node.inputs[0]).rank : rows.axis
    trace.pass(node, mixing: { $0 == start || (rows.flattens && $0 > start) })
  }
}
