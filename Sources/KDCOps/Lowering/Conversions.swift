import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

/// Steps that bring a value into another form.
extension Lowering {
  mutating func load(
    _ name: String, _ tensor: Tensor, _ encoding: Encoding, _ layout: Layout
  ) throws -> Form {
    var data = floatConstant(name) ?? tensor
    if case .int8(let affine) = encoding {
      guard let values = data.floats else { throw InternalError("'\(name)' is \(tensor.type), not float") }
      data = Tensor(tensor.shape, values.map { affine.quantized($0) })
    }
    if layout == .channelsLast { data = data.permuted(layout.order(rank: data.shape.rank)) }
    let constant = addConstant(data, name)
    let buffer = try write(name, as: encoding, in: layout)
    append { LoadStep(name: $0, constant: constant, output: buffer, byteCount: data.byteCount) }
    return Form(encoding: encoding, layout: layout, buffer: buffer)
  }

  mutating func relayout(_ name: String, _ form: Form, _ layout: Layout) throws -> Form {
    let type = try type(of: name)
    let elementBytes = form.encoding == .native ? type.dataType.byteCount : 1
    let (source, walk) = try copyWalk(name, form, type.shape, layout)
    let buffer = try write(name, as: form.encoding, in: layout)
    append {
      MoveStep(
        name: $0, input: source, output: buffer, elementBytes: elementBytes, inputOffset: 0, outputOffset: 0,
        walk: walk)
    }
    return Form(encoding: form.encoding, layout: layout, buffer: buffer)
  }

  /// The buffer and the loops that bring `form` into `layout`.
  private mutating func copyWalk(
    _ name: String, _ form: Form, _ shape: Shape, _ layout: Layout
  ) throws -> (BufferID, Walk) {
    guard case .reshaped(let origin) = form.layout else {
      return (form.buffer, .filling(shape, layout, reading: [form.layout.strides(of: shape)]))
    }
    if layout == .rowMajor {
      return (form.buffer, .filling(origin, .rowMajor, reading: [Layout.channelsLast.strides(of: origin)]))
    }
    let plain = try relayout(name, form, .rowMajor)
    return try copyWalk(name, plain, shape, layout)
  }

  mutating func convert(
    _ name: String, _ source: Form, to encoding: Encoding, _ layout: Layout
  ) throws -> Form {
    let shape = try shape(of: name)
    switch (source.encoding, encoding) {
    case (.native, .int8(let affine)):
      let (input, walk) = try copyWalk(name, source, shape, layout)
      let output = try write(name, as: encoding, in: layout)
      append {
        QuantizeStep(
          name: $0, input: input, output: output, walk: walk, inverseScale: 1 / affine.scale,
          zeroPoint: affine.zeroPoint, limits: affine.limits)
      }
      return Form(encoding: encoding, layout: layout, buffer: output)
    case (.int8(let affine), .native):
      let (input, walk) = try copyWalk(name, source, shape, layout)
      let output = try write(name, as: encoding, in: layout)
      append {
        DequantizeStep(
          name: $0, input: input, output: output, walk: walk, scale: affine.scale, zeroPoint: affine.zeroPoint)
      }
      return Form(encoding: encoding, layout: layout, buffer: output)
    case (.int8(let from), .int8(let to)):
      let output = try write(name, as: encoding, in: source.layout)
      let table = addConstant(Tensor([1, 256], from.table(to: to) { $0 }), "table")
      append {
        TableStep(name: $0, input: source.buffer, output: output, count: shape.count, channels: 1, table: table)
      }
      let form = Form(encoding: encoding, layout: source.layout, buffer: output)
      return source.layout == layout ? form : try relayout(name, form, layout)
    case (.native, .native): return try relayout(name, source, layout)
    }
  }
}

extension QuantizationParameters {
  /// The reals of int8 `values` of a tensor of `shape`.
  package func dequantized(_ values: [Int8], _ shape: Shape) -> [Float] {
    guard let axis, scales.count > 1, axis < shape.rank else {
      return values.map { Float(Int($0) - zeroPoint) * scale }
    }
    let inner = shape.dims[(axis + 1)...].reduce(1, *)
    return values.enumerated().map { index, value in
      Float(Int(value) - zeroPoint) * scales[index / max(inner, 1) % scales.count]
    }
  }
}

extension Tensor {
  /// Axes in another order: output axis i is axis `order[i]`.
  func permuted(_ order: [Int]) -> Tensor {
    let strides = shape.strides
    let result = Shape(order.map { shape[$0] })
    var indices = [0]
    for axis in order {
      indices = indices.flatMap { base in (0..<shape[axis]).map { base + $0 * strides[axis] } }
    }
    switch elements {
    case .float32(let values): return Tensor(result, indices.map { values[$0] })
    case .int8(let values): return Tensor(result, indices.map { values[$0] })
    case .int64(let values): return Tensor(result, indices.map { values[$0] })
    case .int32(let values): return Tensor(result, indices.map { values[$0] })
    default:
      let size = dataType.byteCount
      let bytes = littleEndianBytes
      let moved = indices.flatMap { bytes[$0 * size..<($0 + 1) * size] }
      return Tensor(result, Elements(littleEndian: Array(moved), as: dataType))
    }
  }
}
