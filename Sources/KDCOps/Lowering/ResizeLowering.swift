import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Where the elements of an output axis come from: two positions and the weight of the second.
struct ResizeAxis {
  var lower: [Int]
  var upper: [Int]
  var weight: [Float]

  static func unchanged(_ size: Int) -> ResizeAxis {
    ResizeAxis(lower: Array(0..<size), upper: Array(0..<size), weight: [Float](repeating: 0, count: size))
  }

  /// f where output o is input o / f, nothing mixed.
  func wholeFactor(from size: Int) -> Int? {
    let factor = lower.count / max(size, 1)
    guard factor * size == lower.count, weight.allSatisfy({ $0 == 0 }) else { return nil }
    return lower.indices.allSatisfy { lower[$0] == $0 / factor } ? factor : nil
  }
}

extension Lowering {
  /// An image [1, C, (H,) W] resampled along its rows and columns.
  mutating func resize(_ input: String, _ output: String, rows: ResizeAxis, columns: ResizeAxis) throws {
    let shape = try shape(of: input)
    let channels = shape[1]
    let (height, width) = (shape.rank == 4 ? shape[2] : 1, shape[shape.rank - 1])
    let encoding = quantized(output) ?? .native
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
      func taps(_ axis: ResizeAxis) -> Tensor {
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
    func taps(_ axis: ResizeAxis) -> Tensor {
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

extension Resize: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let index = node.opset < 11 ? 1 : 2
    let (_, tables) = try tables(
      input: try lowering.shape(of: node.inputs[0]), scales: node.input(index).flatMap { lowering.constant($0) },
      sizes: node.opset < 11 ? nil : lowering.integers(node, 3))
    try lowerResize(
      node,
      Dictionary(
        uniqueKeysWithValues: tables.map { table in
          (table.axis, ResizeAxis(lower: table.lower, upper: table.upper, weight: table.weight))
        }), into: &lowering)
  }
}

extension Upsample: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let shape = try lowering.shape(of: node.inputs[0])
    let given = node.input(1).flatMap { lowering.constant($0)?.floats }
    let (result, scales) = try target(of: shape, given: given)
    var axes: [Int: ResizeAxis] = [:]
    for axis in 0..<shape.rank where result[axis] != shape[axis] {
      let last = shape[axis] - 1
      var table = ResizeAxis(lower: [], upper: [], weight: [])
      for o in 0..<result[axis] {
        let at = Float(o) / scales[axis]
        let lower = min(Int(at), last)
        table.lower.append(lower)
        table.upper.append(isLinear ? min(lower + 1, last) : lower)
        table.weight.append(isLinear ? min(at, Float(last)) - Float(lower) : 0)
      }
      axes[axis] = table
    }
    try lowerResize(node, axes, into: &lowering)
  }
}

extension DepthToSpace: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let (x, form, s) = try image(node, &lowering)
    let b = blockSize
    let channels = x[1] / (b * b)
    // Strides of block row, block column and channel inside the input's channels.
    let (by, bx, c) =
      columnRowDepth ? (b * s[1], s[1], b * b * s[1]) : (b * channels * s[1], channels * s[1], s[1])
    try lowering.rearrange(
      form, node.outputs[0], channelsLast: [(x[2], s[2]), (b, by), (x[3], s[3]), (b, bx), (channels, c)],
      rowMajor: [(channels, c), (x[2], s[2]), (b, by), (x[3], s[3]), (b, bx)])
  }
}

extension SpaceToDepth: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws {
    let (x, form, s) = try image(node, &lowering)
    let b = blockSize
    let (height, width) = (x[2] / b, x[3] / b)
    try lowering.rearrange(
      form, node.outputs[0],
      channelsLast: [(height, b * s[2]), (width, b * s[3]), (b, s[2]), (b, s[3]), (x[1], s[1])],
      rowMajor: [(b, s[2]), (b, s[3]), (x[1], s[1]), (height, b * s[2]), (width, b * s[3])])
  }
}

extension Lowerable {
  /// The node's input, one image: its shape, its form in the encoding of the output, and the strides of its dimensions.
  fileprivate func image(
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
