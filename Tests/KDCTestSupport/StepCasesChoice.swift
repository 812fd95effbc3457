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
    case "scatter": return scatter()
    case "topK": return topK()
    case "argReduce":
      let (outer, reduced, inner) = (int(1...5), size(), pick([1, size(), 150]))
      let type: DataType = pick(Self.integerTypes + [.float32, .float32])
      return ArgReduceStep(
        name: "a", type: type, isMaximum: coin(), takesLast: coin(), input: numbers(type, [outer, reduced, inner]),
        output: buffer(.int64, [outer, inner]), outer: outer, reduced: reduced, inner: inner)
    case "cumulative":
      let (outer, count, inner) = (int(1...5), size(), pick([1, size()]))
      let type: DataType = pick(Self.integerTypes + [.float32, .float32])
      let shape: Shape = [outer, count, inner]
      return CumulativeStep(
        name: "c", operation: pick(CumulativeStep.Operation.allCases), type: type,
        input: type == .float32 ? floats(shape) : numbers(type, shape),
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
    let unsigned: [DataType] = [.uint8, .uint16, .uint32, .uint64]
    let type = operation.isLogical ? .bool : pick(operation.isShift ? unsigned : Self.integerTypes)
    return IntegerBinaryStep(
      name: "i", operation: operation, type: type, a: numbers(type, shapes[0]), b: numbers(type, shapes[1]),
      output: buffer(type, shape), walk: walk)
  }

  /// Data [rows, more, others] of which the first axis is indexed, or the first two, along the last or for whole slices of it.
  private mutating func gatherElements() -> any Step {
    let type: DataType = pick([.float32, .int8, .int16, .int64])
    let place = indexing()
    return GatherElementsStep(
      name: "g", data: numbers(type, place.data), indices: place.indices, indexBytes: place.indexBytes,
      output: buffer(type, place.updates), elementBytes: type.byteCount, rows: place.rows, axisStrides: place.strides,
      walk: Walk(extents: place.updates.dims, strides: [place.walkData, place.walkIndex, place.updates.strides]))
  }

  private mutating func scatter() -> any Step {
    let operation = pick(ScatterStep.Operation.allCases)
    let type = pick(Self.integerTypes + [.float32, .float32])
    let place = indexing()
    let (data, updates) = (numbers(type, place.data), numbers(type, place.updates))
    return ScatterStep(
      name: "s", operation: operation, type: type, data: data, indices: place.indices, updates: updates,
      indexBytes: place.indexBytes, output: buffer(type, place.data), count: place.data.count, rows: place.rows,
      axisStrides: place.strides,
      walk: Walk(extents: place.updates.dims, strides: [place.walkData, place.walkIndex, place.updates.strides]))
  }

  private struct Indexing {
    var data: Shape
    var rows: [Int]
    var strides: [Int]
    var indices: BufferID
    var indexBytes: Int
    var updates: Shape
    var walkData: [Int]
    var walkIndex: [Int]
  }

  /// Some indices are outside.
  private mutating func indexing() -> Indexing {
    let data: Shape = [int(1...9), int(1...4), size()]
    let (depth, picks, slices) = (int(1...2), size(), coin())
    let rows = Array(data.dims[..<depth])
    let strides = Array(data.strides[..<depth])
    let rest = Array(data.dims[depth...])
    let updates = Shape([picks] + rest)
    let count = slices ? picks * depth : updates.count * depth
    let values = (0..<count).map { at in int(-rows[at % depth] - 2...rows[at % depth] + 2) }
    let isLong = coin()
    let index =
      isLong
      ? buffer(.int64, [count], Tensor([count], values.map { Int64($0) }).littleEndianBytes)
      : buffer(.int32, [count], Tensor([count], values.map { Int32($0) }).littleEndianBytes)
    return Indexing(
      data: data, rows: rows, strides: strides, indices: index, indexBytes: isLong ? 8 : 4, updates: updates,
      walkData: [0] + Array(data.strides[depth...]),
      walkIndex: slices ? [depth] + rest.map { _ in 0 } : updates.strides.map { $0 * depth })
  }

  private mutating func topK() -> any Step {
    let (outer, count, inner) = (int(1...4), size(), pick([1, 1, size()]))
    let type: DataType = pick(Self.integerTypes + [.float32, .float32])
    let picks = int(1...count)
    return TopKStep(
      name: "t", type: type, isLargest: coin(), input: numbers(type, [outer, count, inner]),
      values: buffer(type, [outer, picks, inner]), positions: buffer(.int64, [outer, picks, inner]), outer: outer,
      count: count, inner: inner, picks: picks)
  }
}
