import KDCProgram
import KDCTensor

/// Steps that work on numbers of any type, or only choose among them.
extension StepCases {
  private static let integerTypes = DataType.allCases.filter { !$0.isFloat && $0 != .bool }

  /// Small numbers of both signs, and the ends of the range; of bool any bytes.
  private mutating func numbers(_ type: DataType, _ shape: Shape) -> BufferID {
    if type == .float32 {
      let special: [Float] = [.nan, .infinity, -.infinity, 0, -0.0]
      let values = (0..<shape.count).map { _ in int(0...9) == 0 ? pick(special) : Float(int(-6...6)) / 2 }
      return buffer(type, shape, Tensor(shape, values).littleEndianBytes)
    }
    let ends: [Int64] = [.min, .max, -1, 0, 1, 127, -128, 1 << 31, -(1 << 31)]
    let values = (0..<shape.count).flatMap { _ -> [UInt8] in
      let value = int(0...5) == 0 || isExtreme ? pick(ends) : Int64(int(-9...9))
      return withUnsafeBytes(of: value.littleEndian) { Array($0.prefix(type.byteCount)) }
    }
    return buffer(type, shape, values)
  }

  mutating func choice(_ kind: String) -> any Step {
    switch kind {
    case "integerBinary": return integerBinary()
    case "compare":
      let shape = shape()
      let (walk, shapes) = broadcast(shape, operands: 2)
      let type: DataType = pick(Self.integerTypes + [.float32, .float32, .bool])
      return CompareStep(
        name: "c", operation: pick(CompareStep.Operation.allCases), type: type, a: numbers(type, shapes[0]),
        b: numbers(type, shapes[1]), output: buffer(.bool, shape), walk: walk)
    case "select":
      let shape = shape()
      let (walk, shapes) = broadcast(shape, operands: 3)
      let type: DataType = pick([.float32, .int8, .int16, .int64])
      return SelectStep(
        name: "s", condition: numbers(.bool, shapes[0]), a: numbers(type, shapes[1]), b: numbers(type, shapes[2]),
        output: buffer(type, shape), elementBytes: type.byteCount, walk: walk)
    case "gatherElements": return gatherElements()
    case "argReduce":
      let (outer, reduced, inner) = (int(1...5), size(), pick([1, size(), 150]))
      let type: DataType = pick(Self.integerTypes + [.float32, .float32])
      return ArgReduceStep(
        name: "a", type: type, isMaximum: coin(), takesLast: coin(), input: numbers(type, [outer, reduced, inner]),
        output: buffer(.int64, [outer, inner]), outer: outer, reduced: reduced, inner: inner)
    case "cumulativeSum":
      let (outer, count, inner) = (int(1...5), size(), pick([1, size()]))
      let type: DataType = pick(Self.integerTypes + [.float32, .float32])
      let shape: Shape = [outer, count, inner]
      return CumulativeSumStep(
        name: "c", type: type, input: type == .float32 ? floats(shape) : numbers(type, shape),
        output: buffer(type, shape), outer: outer, count: count, inner: inner, exclusive: coin(), reversed: coin())
    default:
      let (outer, reduced, inner) = (int(1...5), size(), pick([1, size()]))
      let type = pick(Self.integerTypes)
      return IntegerReduceStep(
        name: "r", operation: pick(IntegerReduceStep.Operation.allCases), type: type,
        input: numbers(type, [outer, reduced, inner]), output: buffer(type, [outer, inner]), outer: outer,
        reduced: reduced, inner: inner)
    }
  }

  private mutating func integerBinary() -> any Step {
    let shape = shape()
    let (walk, shapes) = broadcast(shape, operands: 2)
    let operation = pick(IntegerBinaryStep.Operation.allCases)
    let type = operation.isLogical ? .bool : pick(Self.integerTypes)
    return IntegerBinaryStep(
      name: "i", operation: operation, type: type, a: numbers(type, shapes[0]), b: numbers(type, shapes[1]),
      output: buffer(type, shape), walk: walk)
  }

  private mutating func gatherElements() -> any Step {
    let (rows, others, picks) = (int(1...9), int(1...6), size())
    let type: DataType = pick([.float32, .int8, .int16, .int64])
    let isLong = coin()
    let indices = (0..<picks * others).map { _ in int(-rows - 2...rows + 2) }
    let shape: Shape = [picks, others]
    let index =
      isLong
      ? buffer(.int64, shape, Tensor(shape, indices.map { Int64($0) }).littleEndianBytes)
      : buffer(.int32, shape, Tensor(shape, indices.map { Int32($0) }).littleEndianBytes)
    let dense = [others, 1]
    // Along the rows or, with the loops exchanged, along what lies densely.
    let (axisStride, stride) = coin() ? (others, [0, 1]) : (1, [0, rows])
    return GatherElementsStep(
      name: "g", data: numbers(type, [rows, others]), indices: index, indexBytes: isLong ? 8 : 4,
      output: buffer(type, shape), elementBytes: type.byteCount, rows: rows, axisStride: axisStride,
      walk: Walk(extents: shape.dims, strides: [stride, dense, dense]))
  }
}
