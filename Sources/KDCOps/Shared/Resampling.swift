import KDCDiagnostics
import KDCGraph
import KDCTensor

extension Operator {
  /// Axes given by index become rows and columns of an image.
  func lowerResize(_ node: Node, _ axes: [Int: ResizeAxis], into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    guard shape.rank == 4 || shape.rank == 3, shape[0] == 1, axes.keys.allSatisfy({ $0 >= 2 }) else {
      throw cannotLower(node, "of \(shape) along axes other than rows and columns of one image")
    }
    if try lowering.type(of: node.inputs[0]).dataType != .float32 { throw cannotLower(node, "of integers") }
    let last = shape.rank - 1
    try lowering.resize(
      node.inputs[0], node.outputs[0],
      rows: shape.rank == 4 ? axes[2] ?? .unchanged(shape[2]) : .unchanged(1),
      columns: axes[last] ?? .unchanged(shape[last]))
  }
}

extension Lowerable {
  /// The node's input, one image: its shape, its form in the encoding of the output, and the strides of its dimensions.
  func image(
    _ node: Node, _ lowering: inout Lowering
  ) throws -> (shape: Shape, form: Lowering.Form, strides: [Int]) {
    let shape = try lowering.shape(of: node.inputs[0])
    guard shape[0] == 1 else {
      throw cannotLower(node, "of \(shape[0]) images", hint: "export the model with batch size 1")
    }
    let form = try lowering.read(node.inputs[0], as: lowering.quantized(node.outputs[0]) ?? .native)
    return (shape, form, form.layout.strides(of: shape))
  }
}

extension Tensor {
  /// The transpose of resampling along the tables' axes, which may be applied in any order.
  func unresized(by tables: [Resize.Table], to shape: Shape) throws -> Tensor {
    var result = self
    for table in tables {
      guard let values = result.floats else { throw InternalError("gradient of \(type)") }
      var dims = result.shape.dims
      let (size, count) = (dims[table.axis], shape[table.axis])
      dims[table.axis] = count
      let inner = dims[(table.axis + 1)...].reduce(1, *)
      var sums = [Float](repeating: 0, count: Shape(dims).count)
      for o in 0..<dims[..<table.axis].reduce(1, *) {
        for position in 0..<size {
          let source = (o * size + position) * inner
          let weight = table.weight[position]
          let (low, high) = ((o * count + table.lower[position]) * inner, (o * count + table.upper[position]) * inner)
          for i in 0..<inner {
            sums[low &+ i] += values[source &+ i] * (1 - weight)
            if weight != 0 { sums[high &+ i] += values[source &+ i] * weight }
          }
        }
      }
      result = Tensor(Shape(dims), sums)
    }
    return result
  }
}
