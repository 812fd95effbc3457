import KDCProgram
import KDCTensor

extension Lowering {
  /// Largest table that replaces an operation with a constant.
  private static let largestTable = 1 << 16

  /// The layout for the output of an element-wise operation: that of its largest computed operand.
  func elementwiseLayout(_ inputs: [String], _ shape: Shape, _ encodings: [Encoding]) -> Layout {
    for (name, encoding) in zip(inputs, encodings) where constant(name) == nil {
      guard graph.types[name]?.shape == shape else { continue }
      let layouts = availableLayouts(name, encoding)
      if layouts.contains(.rowMajor) { return .rowMajor }
      if layouts.contains(.channelsLast) { return .channelsLast }
    }
    return .rowMajor
  }

  /// Strides with which a form is read over `shape`: 0 where it repeats.
  func strides(_ form: Form, _ own: Shape, over shape: Shape) -> [Int] {
    let strides = form.layout.strides(of: own)
    let missing = shape.rank - own.rank
    return shape.dims.indices.map { axis in
      axis < missing || own[axis - missing] == 1 ? 0 : strides[axis - missing]
    }
  }

  /// The loops of an operation of `a` and `b` (with their shapes) that fills an output of `shape`.
  mutating func binaryWalk(
    _ a: (form: Form, shape: Shape), _ b: (form: Form, shape: Shape), _ shape: Shape, _ layout: Layout
  ) -> Walk {
    .filling(
      shape, layout.normalized(for: shape),
      reading: [strides(a.form, a.shape, over: shape), strides(b.form, b.shape, over: shape)])
  }

  /// A float operation of two values.
  mutating func floatBinary(
    _ operation: FloatBinaryStep.Operation, _ a: String, _ b: String, _ output: String
  ) throws {
    let shape = try shape(of: output)
    let layout = elementwiseLayout([a, b], shape, [.native, .native])
    let left = try readForElementwise(a, .native, layout, shape)
    let right = try readForElementwise(b, .native, layout, shape)
    let walk = binaryWalk((left, try self.shape(of: a)), (right, try self.shape(of: b)), shape, layout)
    let buffer = try write(output, as: .native, in: layout)
    append {
      FloatBinaryStep(name: $0, operation: operation, a: left.buffer, b: right.buffer, output: buffer, walk: walk)
    }
  }

  /// A full-size operand in the output's layout where it must be made anyway, else as it is.
  mutating func readForElementwise(
    _ name: String, _ encoding: Encoding, _ layout: Layout, _ shape: Shape
  ) throws -> Form {
    guard try self.shape(of: name) == shape else { return try read(name, as: encoding) }
    return try read(name, as: encoding, in: [layout, .rowMajor, .channelsLast])
  }

  /// An operation of which all but one operand are constant, as a table for each channel: `f(x, channel)`. False where
  /// the values are not int8 or the constants vary along more than the channels.
  mutating func integerTable(
    _ input: String, _ output: String, channels: Int, _ f: (Float, Int) -> Float
  ) throws -> Bool {
    guard let from = quantized(input), let to = quantized(output), channels * 256 <= Self.largestTable else {
      return false
    }
    let shape = try shape(of: input)
    guard try self.shape(of: output) == shape, channels == 1 || (shape.rank >= 2 && shape[1] == channels) else {
      return false
    }
    let values = (0..<channels).flatMap { channel in from.table(to: to) { f($0, channel) } }
    let table = addConstant(Tensor([channels, 256], values), "table")
    let layouts = channels > 1 ? [.channelsLast] : availableLayouts(input, .int8(from))
    let form = try read(input, as: .int8(from), in: layouts)
    let buffer = try write(output, as: .int8(to), in: form.layout)
    append {
      TableStep(
        name: $0, input: form.buffer, output: buffer, count: shape.count, channels: channels, table: table)
    }
    return true
  }

  /// y = f(x) in float, in whatever layout x has.
  mutating func floatUnary(_ function: FloatFunction, _ input: String, _ output: String) throws {
    let shape = try shape(of: input)
    let form = try read(input, as: .native)
    let buffer = try write(output, as: .native, in: form.layout)
    append {
      FloatUnaryStep(name: $0, function: function, input: form.buffer, output: buffer, count: shape.count)
    }
  }

  /// y = f(x) from buffer to a new buffer, for functions made of several steps.
  mutating func unary(_ function: FloatFunction, _ input: BufferID, count: Int) -> BufferID {
    let output = temporary(TensorType(.float32, [count]))
    append { FloatUnaryStep(name: $0, function: function, input: input, output: output, count: count) }
    return output
  }

  /// y = a op b over dense buffers of [outer, inner]; b may be one value (`scalar`), or one a row or a column.
  mutating func binary(
    _ operation: FloatBinaryStep.Operation, _ a: BufferID, _ b: BufferID, rows: Int, columns: Int,
    strideB: (row: Int, column: Int), to output: BufferID? = nil
  ) -> BufferID {
    let output = output ?? temporary(TensorType(.float32, [rows, columns]))
    let walk = Walk(extents: [rows, columns], strides: [[columns, 1], [strideB.row, strideB.column], [columns, 1]])
    append {
      FloatBinaryStep(name: $0, operation: operation, a: a, b: b, output: output, walk: walk.collapsed)
    }
    return output
  }
}
