import KDCGraph
import KDCProgram

extension Operator {
  /// Softmax of one axis, or where it `flattens`, of all from `axis` on.
  func lowerSoftmax(_ node: Node, axis: Int, flattens: Bool, isLog: Bool, into lowering: inout Lowering) throws {
    try requireFloat(node, lowering)
    let name = node.inputs[0]
    let shape = try lowering.shape(of: name)
    let isOneAxis =
      !flattens || shape.dims.dropFirst(axis < 0 ? axis + shape.rank + 1 : axis + 1).allSatisfy { $0 == 1 }
    let form = try lowering.read(name, as: .native, in: isOneAxis ? nil : [.rowMajor])
    var (outer, count, inner) = (1, 1, 1)
    let start = flattens && axis == shape.rank ? axis : try normalized(axis: axis, rank: shape.rank)
    if isOneAxis, start < shape.rank {
      let order = form.layout.order(rank: shape.rank)
      let position = order.firstIndex(of: start) ?? 0
      outer = order[..<position].reduce(1) { $0 * shape[$1] }
      count = shape[start]
      inner = order[(position + 1)...].reduce(1) { $0 * shape[$1] }
    } else {
      outer = shape.dims[..<start].reduce(1, *)
      count = shape.dims[start...].reduce(1, *)
    }
    let output = try lowering.write(node.outputs[0], as: .native, in: form.layout)
    lowering.append {
      SoftmaxStep(
        name: $0, input: form.buffer, output: output, outer: outer, count: count, inner: inner, isLog: isLog)
    }
  }
}
