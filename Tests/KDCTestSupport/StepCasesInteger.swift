import KDCProgram
import KDCTensor

extension StepCases {
  mutating func integer(_ kind: String) -> any Step {
    if kind == "table" {
      let channels = coin() ? 1 : size()
      let count = channels * int(1...200)
      let values = (0..<channels * 256).map { _ in Int8(truncatingIfNeeded: int(-128...127)) }
      let input = int8s([count])
      return TableStep(
        name: "t", input: input, output: buffer(.int8, [count]), count: count, channels: channels,
        table: constant(Tensor([channels, 256], values)))
    }
    let shape = shape()
    let (walk, shapes) = broadcast(shape, operands: 2)
    let (a, b) = (int8s(shapes[0]), int8s(shapes[1]))
    let output = buffer(.int8, shape)
    if kind == "add" || kind == "extreme" {
      let shift = int(0...16)
      let largest = isExtreme ? 32767 : 1 << min(shift, 14)
      func multiplier(_ cases: inout StepCases) -> Int {
        let least = kind == "add" ? -largest : 0
        return cases.isExtreme ? cases.pick([least, largest, 1]) : cases.int(least...largest)
      }
      if kind == "extreme" {
        return ExtremeStep(
          name: "e", isMaximum: coin(), a: a, b: b, output: output, walk: walk, zeroPointA: zeroPoint(),
          zeroPointB: zeroPoint(), multiplierA: multiplier(&self), multiplierB: multiplier(&self),
          requantization: requantization(shift: shift...shift))
      }
      return AddStep(
        name: "a", a: a, b: b, output: output, walk: walk, zeroPointA: zeroPoint(), zeroPointB: zeroPoint(),
        multiplierA: multiplier(&self), multiplierB: multiplier(&self),
        requantization: requantization(shift: shift...shift))
    }
    return MultiplyStep(
      name: "m", a: a, b: b, output: output, walk: walk, zeroPointA: zeroPoint(), zeroPointB: zeroPoint(),
      multiplier: Int32(int((1 << 30)...Int(Int32.max))), requantization: requantization(shift: 0...9, preShift: 0...6))
  }

  mutating func convert(_ kind: String) -> any Step {
    if kind == "cast" {
      let count = size() * size()
      let (from, to) = (pick(Self.castTypes), pick(Self.castTypes))
      return CastStep(
        name: "c", input: castInput(from, count), output: buffer(to, [count]), count: count, from: from, to: to)
    }
    // Images with few channels are the common case.
    let shape: Shape = coin() ? self.shape() : [pick([1, 3, 4, 64, 24]), int(1...30), int(1...30)]
    let walk = permuted(shape)
    switch kind {
    case "quantize":
      let scale: Float = isExtreme ? pick([1e-6, 1e6, 1]) : Float(int(1...400)) / 10
      let zero = zeroPoint()
      return QuantizeStep(
        name: "q", input: floats(shape), output: buffer(.int8, Shape(walk.extents)), walk: walk, inverseScale: scale,
        zeroPoint: zero, limits: zero % 2 == 0 ? -64...63 : -128...127)
    case "dequantize":
      return DequantizeStep(
        name: "d", input: int8s(shape), output: buffer(.float32, Shape(walk.extents)), walk: walk,
        scale: Float(int(1...1000)) / 777, zeroPoint: zeroPoint())
    default:
      let type: DataType = pick([.int8, .int8, .int8, .int16, .float32, .int64])
      let offset = int(0...3)
      let count = shape.count + offset
      let input = buffer(type, [count], (0..<count * type.byteCount).map { _ in UInt8(int(0...255)) })
      return MoveStep(
        name: "m", input: input, output: buffer(type, Shape(walk.extents)), elementBytes: type.byteCount,
        inputOffset: offset, outputOffset: 0, walk: walk)
    }
  }

  private static let castTypes = CastStep.types + [.float32, .float32, .bool]

  private mutating func castInput(_ type: DataType, _ count: Int) -> BufferID {
    if type == .float32 {
      let special: [Float] = [
        .nan, .infinity, -.infinity, -0.0, 0.5, -0.5, 0.99, 127.9, -128.9, 255.9, 256, 2_147_483_648, -2_147_483_648,
        9.3e18, -9.3e18, 1e30,
      ]
      let values = (0..<count).map { _ in coin() ? pick(special) : Float(int(-40000...40000)) / 64 }
      return buffer(type, [count], Tensor([count], values).littleEndianBytes)
    }
    let values = (0..<count * type.byteCount).map { _ in UInt8(type == .bool && coin() ? 0 : int(0...255)) }
    return buffer(type, [count], values)
  }

  mutating func pool(_ kind: String) -> any Step {
    let channels = pick([1, 3, 8, 15, 16, 17, 24, 32, 64, 70, 96])
    let isGlobal = int(0...3) == 0
    let (height, width) = (int(1...12), int(1...12))
    let kernel = isGlobal ? (height, width) : (int(1...3), int(1...3))
    let dilation = isGlobal || int(0...4) > 0 ? (1, 1) : (int(1...2), int(1...2))
    let stride = isGlobal ? (1, 1) : (int(1...3), int(1...3))
    let reach = ((kernel.0 - 1) * dilation.0, (kernel.1 - 1) * dilation.1)
    let top = isGlobal ? 0 : min(int(0...1), kernel.0 / 2)
    let left = isGlobal ? 0 : min(int(0...1), kernel.1 / 2)
    let padded = (height + 2 * top, width + 2 * left)
    guard padded.0 > reach.0, padded.1 > reach.1, top < height, left < width, dilation == (1, 1) || top + left == 0
    else { return pool(kind) }
    let output = ((padded.0 - reach.0 - 1) / stride.0 + 1, (padded.1 - reach.1 - 1) / stride.1 + 1)
    let geometry = ConvolutionGeometry(
      input: (height, width, channels), output: (output.0, output.1, channels), kernel: kernel, strides: stride,
      dilations: dilation, padTop: top, padLeft: left)
    let type: DataType = kind == "floatPool" ? .float32 : .int8
    let shape: Shape = [1, height, width, channels]
    let input = type == .int8 ? int8s(shape) : floats(shape)
    let result = buffer(type, [1, output.0, output.1, channels])
    switch kind {
    case "maxPool": return MaxPoolStep(name: "p", input: input, output: result, geometry: geometry)
    case "averagePool":
      let taps = kernel.0 * kernel.1
      let multipliers = (1...taps).map { Int32(Double(Int32.max) / Double($0)) }
      return AveragePoolStep(
        name: "p", input: input, output: result, geometry: geometry, inputZeroPoint: zeroPoint(),
        countIncludesPadding: coin(), paddedHeight: padded.0, paddedWidth: padded.1,
        multipliers: constant(Tensor([taps], multipliers)),
        requantization: requantization(shift: 0...2, preShift: 0...2))
    default:
      return FloatPoolStep(
        name: "p", operation: coin() ? .maximum : .mean, input: input, output: result, geometry: geometry,
        countIncludesPadding: coin(), paddedHeight: padded.0, paddedWidth: padded.1)
    }
  }

  mutating func resize(_ kind: String) -> any Step {
    let (height, width, channels) = (int(1...8), int(1...8), size())
    let (outHeight, outWidth) = (int(1...12), int(1...12))
    let shape: Shape = [1, height, width, channels]
    func pair(_ cases: inout StepCases, _ limit: Int) -> [Int32] {
      let first = cases.int(0...limit - 1)
      return [Int32(first), Int32(min(first + 1, limit - 1))]
    }
    if kind == "resizeLinear" {
      let rows = (0..<outHeight).flatMap { _ in pair(&self, height) + [Int32(pick([0, 256, int(0...256)]))] }
      let columns = (0..<outWidth).flatMap { _ in pair(&self, width) + [Int32(pick([0, 256, int(0...256)]))] }
      return ResizeLinearStep(
        name: "r", input: int8s(shape), output: buffer(.int8, [1, outHeight, outWidth, channels]), inputHeight: height,
        inputWidth: width, outputHeight: outHeight, outputWidth: outWidth, channels: channels,
        rows: constant(Tensor([outHeight, 3], rows)), columns: constant(Tensor([outWidth, 3], columns)))
    }
    let rows = (0..<outHeight).flatMap { _ in pair(&self, height) }
    let columns = (0..<outWidth).flatMap { _ in pair(&self, width) }
    return FloatResizeStep(
      name: "r", input: floats(shape), output: buffer(.float32, [1, outHeight, outWidth, channels]),
      inputHeight: height, inputWidth: width, outputHeight: outHeight, outputWidth: outWidth, channels: channels,
      rows: constant(Tensor([outHeight, 2], rows)), columns: constant(Tensor([outWidth, 2], columns)),
      rowWeights: constant(Tensor([outHeight], (0..<outHeight).map { _ in Float(int(0...1000)) / 1000 })),
      columnWeights: constant(Tensor([outWidth], (0..<outWidth).map { _ in Float(int(0...1000)) / 1000 })))
  }

  mutating func data(_ kind: String) -> any Step {
    let type: DataType = pick([.int8, .int16, .float32, .int64])
    switch kind {
    case "fill":
      let count = size() * size()
      return FillStep(
        name: "f", output: buffer(type, [count]), count: count, elementBytes: type.byteCount,
        bits: generator.next() >> UInt64(64 - 8 * type.byteCount))
    case "load":
      let count = size() * size()
      return LoadStep(
        name: "l", constant: floatConstant([count]), output: buffer(.float32, [count]), byteCount: count * 4)
    default:
      let (outer, rows, inner, picks) = (int(1...3), int(1...9), size(), int(1...9))
      let indices = (0..<picks).map { _ in Int64(int(-rows - 2...rows + 2)) }
      let isConstant = coin()
      let isLong = coin()
      let index =
        isLong
        ? buffer(.int64, [picks], Tensor([picks], indices).littleEndianBytes)
        : buffer(.int32, [picks], Tensor([picks], indices.map { Int32($0) }).littleEndianBytes)
      let shape: Shape = [outer, rows, inner]
      let data = isConstant ? nil : floats(shape)
      let table = isConstant ? floatConstant(shape) : nil
      return GatherStep(
        name: "g", data: data, table: table, indices: index, indexBytes: isLong ? 8 : 4,
        output: buffer(.float32, [outer, picks, inner]), outer: outer, rows: rows, inner: inner, picks: picks,
        elementBytes: 4)
    }
  }
}
