import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor

extension Lowering {
  /// One value, a tensor of one element, in all of `count`.
  mutating func fill(_ output: BufferID, with value: Tensor, count: Int) {
    let bits = value.littleEndianBytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    let bytes = value.dataType.byteCount
    append { FillStep(name: $0, output: output, count: count, elementBytes: bytes, bits: bits) }
  }
}

extension Operator {
  /// The type of the node's first input, or of input `index`, where steps can compute with it: float32, integers and,
  /// with `allowsBool`, bool.
  func computedType(
    _ node: Node, _ lowering: Lowering, index: Int = 0, allowsBool: Bool = false
  ) throws -> DataType {
    let type = try lowering.type(of: node.inputs[index]).dataType
    guard CastStep.types.contains(type), type != .bool || allowsBool else {
      throw cannotLower(node, "of \(type.rawValue) values that are computed from data")
    }
    return type
  }
}

/// Steps on values in their own type, whatever numbers they are.
extension Lowering {
  /// The operands of an element-wise operation that fills an output of `shape`, each in its own type; the loops, the
  /// output's last, and its layout.
  mutating func elementwiseOperands(
    _ inputs: [String], _ shape: Shape
  ) throws -> (buffers: [BufferID], walk: Walk, layout: Layout) {
    let layout = elementwiseLayout(inputs, shape, inputs.map { _ in .native })
    var buffers: [BufferID] = []
    var strides: [[Int]] = []
    for name in inputs {
      let form = try readForElementwise(name, .native, layout, shape)
      buffers.append(form.buffer)
      strides.append(self.strides(form, try self.shape(of: name), over: shape))
    }
    return (buffers, .filling(shape, layout.normalized(for: shape), reading: strides), layout)
  }

  /// y = a op b of `type`: a float or an integer step. The operation must be one of both.
  mutating func arithmetic(
    _ operation: FloatBinaryStep.Operation, _ type: DataType, _ a: BufferID, _ b: BufferID, to output: BufferID,
    walk: Walk
  ) throws {
    if type == .float32 {
      return append {
        FloatBinaryStep(name: $0, operation: operation, a: a, b: b, output: output, walk: walk)
      }
    }
    guard let integer = IntegerBinaryStep.Operation(rawValue: operation.rawValue) else {
      throw InternalError("no \(operation.rawValue) of integers")
    }
    integerBinary(integer, type, a, b, to: output, walk: walk)
  }

  mutating func integerBinary(
    _ operation: IntegerBinaryStep.Operation, _ type: DataType, _ a: BufferID, _ b: BufferID, to output: BufferID,
    walk: Walk
  ) {
    append {
      IntegerBinaryStep(name: $0, operation: operation, type: type, a: a, b: b, output: output, walk: walk)
    }
  }

  /// y = x op k for every one of `count` elements, k being a constant of x's type: to `output` or a new buffer.
  mutating func integerBinary(
    _ operation: IntegerBinaryStep.Operation, _ type: DataType, _ x: BufferID, _ k: Int64, count: Int,
    to output: BufferID? = nil
  ) -> BufferID {
    let constant = loaded(Tensor([1], [k]).cast(to: type), operation.rawValue)
    let output = output ?? temporary(TensorType(type, [count]))
    integerBinary(
      operation, type, x, constant, to: output, walk: Walk(extents: [count], strides: [[1], [0], [1]]))
    return output
  }

  /// 0 − x for every element of a value of an integer `type`.
  mutating func negated(_ x: BufferID, _ type: TensorType, to output: BufferID) {
    let zero = loaded(Tensor([1], [Int64(0)]).cast(to: type.dataType), "zero")
    let walk = Walk(extents: [type.shape.count], strides: [[0], [1], [1]])
    integerBinary(.subtract, type.dataType, zero, x, to: output, walk: walk)
  }

  /// The value of a buffer in another type, in a new one.
  mutating func cast(_ input: BufferID, from: DataType, to: DataType, count: Int, output: BufferID? = nil) -> BufferID {
    if from == to, output == nil { return input }
    let output = output ?? temporary(TensorType(to, [count]))
    append { CastStep(name: $0, input: input, output: output, count: count, from: from, to: to) }
    return output
  }

  /// The sum, extreme … of all inputs with broadcasting, from the left; to `output` or, with nil, a new row-major buffer.
  mutating func fold(
    _ operation: FloatBinaryStep.Operation, _ inputs: [String], _ type: DataType, to output: String?
  ) throws -> BufferID {
    guard let first = inputs.first else { throw InternalError("nothing to fold") }
    var sum = try read(first, as: .native, in: [.rowMajor]).buffer
    var sumShape = try shape(of: first)
    for (index, name) in inputs.enumerated().dropFirst() {
      let next = try read(name, as: .native, in: [.rowMajor]).buffer
      let nextShape = try shape(of: name)
      guard let shape = Broadcasting.shape(of: [sumShape, nextShape]) else {
        throw InternalError("shapes do not broadcast")
      }
      let isLast = index == inputs.count - 1
      let target: BufferID
      if isLast, let output {
        target = try write(output, as: .native, in: .rowMajor)
      } else {
        target = temporary(TensorType(type, shape))
      }
      let walk = Walk.filling(
        shape, .rowMajor,
        reading: [Broadcasting.strides(of: sumShape, over: shape), Broadcasting.strides(of: nextShape, over: shape)])
      try arithmetic(operation, type, sum, next, to: target, walk: walk)
      (sum, sumShape) = (target, shape)
    }
    return sum
  }
}

extension DataType {
  /// Integers below 0 exist; only of integer types.
  var isSigned: Bool { ![.uint8, .uint16, .uint32, .uint64].contains(self) }
}
