import KDCGraph
import KDCProgram
import KDCTensor

extension Lowering {
  /// An image [1, C, (H,) W] resampled along its rows and columns.
  mutating func resize(_ input: String, _ output: String, rows: Resampling, columns: Resampling) throws {
    let shape = try shape(of: input)
    let channels = shape[1]
    let (height, width) = (shape.rank == 4 ? shape[2] : 1, shape[shape.rank - 1])
    let encoding = encoding(of: output)
    if let y = rows.wholeFactor(from: height), let x = columns.wholeFactor(from: width) {
      let form = try read(input, as: encoding)
      let strides = form.layout.strides(of: shape)
      let (row, column) = (shape.rank == 4 ? strides[2] : 0, strides[shape.rank - 1])
      return try rearrange(
        form, output, channelsLast: [(height, row), (y, 0), (width, column), (x, 0), (channels, strides[1])],
        rowMajor: [(channels, strides[1]), (height, row), (y, 0), (width, column), (x, 0)])
    }
    let source = try read(input, as: encoding, in: [.channelsLast]).buffer
    let target = try write(output, as: encoding, in: .channelsLast)
    let (newHeight, newWidth) = (rows.lower.count, columns.lower.count)
    if case .int8 = encoding {
      func taps(_ axis: Resampling) -> Tensor {
        let values = axis.lower.indices.flatMap {
          [Int32(axis.lower[$0]), Int32(axis.upper[$0]), Int32((axis.weight[$0] * 256).rounded())]
        }
        return Tensor([axis.lower.count, 3], values)
      }
      let rowTaps = addConstant(taps(rows), "rows")
      let columnTaps = addConstant(taps(columns), "columns")
      append {
        ResizeLinearStep(
          name: $0, input: source, output: target, inputHeight: height, inputWidth: width, outputHeight: newHeight,
          outputWidth: newWidth, channels: channels, rows: rowTaps, columns: columnTaps)
      }
      return
    }
    func taps(_ axis: Resampling) -> Tensor {
      Tensor([axis.lower.count, 2], axis.lower.indices.flatMap { [Int32(axis.lower[$0]), Int32(axis.upper[$0])] })
    }
    let rowTaps = addConstant(taps(rows), "rows")
    let columnTaps = addConstant(taps(columns), "columns")
    let rowWeights = addConstant(Tensor([newHeight], rows.weight), "rowWeights")
    let columnWeights = addConstant(Tensor([newWidth], columns.weight), "columnWeights")
    append {
      FloatResizeStep(
        name: $0, input: source, output: target, inputHeight: height, inputWidth: width, outputHeight: newHeight,
        outputWidth: newWidth, channels: channels, rows: rowTaps, columns: columnTaps, rowWeights: rowWeights,
        columnWeights: columnWeights)
    }
  }

  /// Copies `form` into `output`, in the form's layout; the loops are (turns, input stride) in the order of the output's
  /// memory in each layout.
  mutating func rearrange(
    _ form: Form, _ output: String, channelsLast: [(Int, Int)], rowMajor: [(Int, Int)]
  ) throws {
    let shape = try shape(of: output)
    let layout = form.layout.normalized(for: shape)
    let loops = layout == .channelsLast ? channelsLast : rowMajor
    let bytes = form.encoding == .native ? try type(of: output).dataType.byteCount : 1
    let target = try write(output, as: form.encoding, in: layout)
    let extents = loops.map(\.0)
    let walk = Walk(extents: extents, strides: [loops.map(\.1), Shape(extents).strides]).collapsed
    append {
      MoveStep(
        name: $0, input: form.buffer, output: target, elementBytes: bytes, inputOffset: 0, outputOffset: 0, walk: walk)
    }
  }
}

extension Lowerable {
  /// The node's input, one image: its shape, its form in the encoding of the output, and the strides of its dimensions.
  func image(
    _ node: Node, _ lowering: inout Lowering
  ) throws -> (shape: Shape, form: Lowering.Form, strides: [Int]) {
    let shape = try lowering.shape(of: node.inputs[0])
    let form = try lowering.read(node.inputs[0], as: lowering.encoding(of: node.outputs[0]))
    return (shape, form, form.layout.strides(of: shape))
  }
}
