import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

extension Lowering {
  /// y = x · factor + offset into the value `output`; the operands' strides along rows and columns.
  mutating func affine(
    _ x: BufferID, _ factor: BufferID?, _ offset: BufferID?, rows: Int, columns: Int, stride: (row: Int, column: Int),
    to output: String, in layout: Layout
  ) throws {
    var x = x
    if let factor {
      let target = offset == nil ? try write(output, as: .native, in: layout) : nil
      x = binary(.multiply, x, factor, rows: rows, columns: columns, strideB: stride, to: target)
    }
    if let offset {
      let target = try write(output, as: .native, in: layout)
      x = binary(.add, x, offset, rows: rows, columns: columns, strideB: stride, to: target)
    }
    if factor == nil, offset == nil {
      try alias(output, Form(encoding: .native, layout: layout, buffer: x))
    }
  }
}

extension BatchNormalization: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let parameters = (1...4).map { lowering.floatConstant(node.inputs[$0])?.floats }
    guard let scale = parameters[0], let bias = parameters[1], let mean = parameters[2], let variance = parameters[3]
    else { throw cannotLower(node, "with parameters that are computed from data") }
    let (factors, offsets) = affine(scale: scale, bias: bias, mean: mean, variance: variance)
    let (input, output) = (node.inputs[0], node.outputs[0])
    let shape = try lowering.shape(of: input)
    if shape[0] == 1,
      try lowering.integerTable(
        input, output, channels: shape[1],
        { x, channel in
          x * factors[channel] + offsets[channel]
        })
    {
      return
    }
    guard shape[0] == 1 || shape.rank == 2 else {
      throw cannotLower(node, "of \(shape)", hint: "export the model with batch size 1")
    }
    let form = try lowering.read(input, as: .native)
    let factor = lowering.loaded(Tensor([factors.count], factors), "factors")
    let offset = lowering.loaded(Tensor([offsets.count], offsets), "offsets")
    let isInner = form.layout == .channelsLast || shape.rank == 2
    let (rows, columns) = isInner ? (shape.count / shape[1], shape[1]) : (shape[1], shape.count / shape[1])
    try lowering.affine(
      form.buffer, factor, offset, rows: rows, columns: columns, stride: isInner ? (0, 1) : (1, 0), to: output,
      in: form.layout)
  }
}
