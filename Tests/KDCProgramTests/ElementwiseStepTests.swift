import KDCProgram
import KDCTensor
import KDCTestSupport
import Testing

@Suite("Element-wise steps")
struct ElementwiseStepTests {
  @Test("add with broadcasting equals the formula in exact integers")
  func add() throws {
    let seed: UInt64 = 3
    var random = SeededGenerator(seed: seed)
    var bench = StepBench()
    let a = random.int8s(4 * 6)
    let b = random.int8s(6)
    let requantization = Requantization(preShift: 0, shift: 12, zeroPoint: 3, low: -120, high: 127)
    let step = AddStep(
      name: "add", a: bench.buffer(Tensor([4, 6], a)), b: bench.buffer(Tensor([6], b)),
      output: bench.output(.int8, [4, 6]), walk: Walk(extents: [4, 6], strides: [[6, 1], [0, 1], [6, 1]]),
      zeroPointA: -4, zeroPointB: 17, multiplierA: 5000, multiplierB: -32767, requantization: requantization)
    let want = a.indices.map { i in
      let t = (Int(a[i]) + 4) * 5000 + (Int(b[i % 6]) - 17) * -32767
      return exactRequantization(0, 1, requantization, residual: t)
    }
    #expect(try bench.int8(step) == want, "seed \(seed)")
    #expect(step.inPlaceOperands == [step.a])
  }

  @Test("the extreme of two scales equals the formula at every pair of values", arguments: [true, false])
  func extreme(isMaximum: Bool) throws {
    var bench = StepBench()
    let all = (-128...127).map { Int8($0) }
    let requantization = Requantization(preShift: 0, shift: 14, zeroPoint: 9, low: -128, high: 120)
    let step = ExtremeStep(
      name: "max", isMaximum: isMaximum, a: bench.buffer(Tensor([256], all)), b: bench.buffer(Tensor([256], all)),
      output: bench.output(.int8, [256, 256]),
      walk: Walk(extents: [256, 256], strides: [[1, 0], [0, 1], [256, 1]]),
      zeroPointA: -128, zeroPointB: 40, multiplierA: 9000, multiplierB: 32767, requantization: requantization)
    let want = all.flatMap { a in
      all.map { b in
        let (s, t) = ((Int(a) + 128) * 9000, (Int(b) - 40) * 32767)
        return exactRequantization(0, 1, requantization, residual: isMaximum ? max(s, t) : min(s, t))
      }
    }
    #expect(try bench.int8(step) == want)
    #expect(step.inPlaceOperands == [])
  }

  @Test("multiply equals the formula in exact integers at every pair of values")
  func multiply() throws {
    var bench = StepBench()
    let all = (-128...127).map { Int8($0) }
    let requantization = Requantization(preShift: 2, shift: 1, zeroPoint: -3, low: -128, high: 127)
    let step = MultiplyStep(
      name: "mul", a: bench.buffer(Tensor([256], all)), b: bench.buffer(Tensor([256], all)),
      output: bench.output(.int8, [256, 256]),
      walk: Walk(extents: [256, 256], strides: [[1, 0], [0, 1], [256, 1]]),
      zeroPointA: 11, zeroPointB: -128, multiplier: 12_345_678, requantization: requantization)
    let want = all.flatMap { a in
      all.map { b in exactRequantization((Int(a) - 11) * (Int(b) + 128), 12_345_678, requantization) }
    }
    #expect(try bench.int8(step) == want)
  }

  @Test("a table maps every value, a table a channel too")
  func table() throws {
    var bench = StepBench()
    let all = (-128...127).map { Int8($0) }
    let input = bench.buffer(Tensor([256], all))
    let negated = all.map { $0 == -128 ? 127 : -$0 }
    let one = TableStep(
      name: "t", input: input, output: bench.output(.int8, [256]), count: 256, channels: 1,
      table: bench.constant(Tensor([256], negated)))
    #expect(try bench.int8(one) == negated)
    let two = TableStep(
      name: "t", input: input, output: bench.output(.int8, [256]), count: 256, channels: 2,
      table: bench.constant(Tensor([2, 256], negated + all)))
    #expect(try bench.int8(two) == all.indices.map { $0 % 2 == 0 ? negated[$0] : all[$0] })
  }

  @Test("quantize rounds ties to even, clamps and maps NaN to the lowest")
  func quantize() throws {
    var bench = StepBench()
    let x: [Float] = [0.25, 0.75, 1.25, -0.25, 1000, -1000, .nan, .infinity, 62.9, -0.0]
    let step = QuantizeStep(
      name: "q", input: bench.buffer(Tensor([10], x)), output: bench.output(.int8, [10]),
      walk: Walk(extents: [10], strides: [[1], [1]]), inverseScale: 2, zeroPoint: 1)
    #expect(try bench.int8(step) == [1, 3, 3, 1, 127, -128, -128, 127, 127, 1])
  }

  @Test("dequantize multiplies once and can reorder channels")
  func dequantize() throws {
    var bench = StepBench()
    let step = DequantizeStep(
      name: "d", input: bench.buffer(Tensor([2, 3], [1, 2, 3, 4, 5, 6] as [Int8])),
      output: bench.output(.float32, [3, 2]), walk: Walk(extents: [3, 2], strides: [[1, 3], [2, 1]]), scale: 0.5,
      zeroPoint: 2)
    #expect(try bench.float(step) == [-0.5, 1, 0, 1.5, 0.5, 2])
  }

  @Test("float operations follow their formulas, with NaN as stated")
  func floatBinary() throws {
    let a: [Float] = [1, -2, 3.5, .nan, 0, 1]
    let b: [Float] = [2, -3, 0.5, 1, 0, .nan]
    func result(_ operation: FloatBinaryStep.Operation) throws -> [Float] {
      var bench = StepBench()
      return try bench.float(
        FloatBinaryStep(
          name: "f", operation: operation, a: bench.buffer(Tensor([6], a)), b: bench.buffer(Tensor([6], b)),
          output: bench.output(.float32, [6]), walk: Walk(extents: [6], strides: [[1], [1], [1]])))
    }
    #expect(try Array(result(.add)[0..<3]) == [3, -5, 4])
    #expect(try Array(result(.subtract)[0..<3]) == [-1, 1, 3])
    #expect(try Array(result(.multiply)[0..<3]) == [2, 6, 1.75])
    #expect(try Array(result(.divide)[0..<3]) == [0.5, -2 / -3, 7])
    for (operation, wanted) in [(.maximum, [2, -2, 3.5]), (.minimum, [1, -3, 0.5])]
      as [(FloatBinaryStep.Operation, [Float])]
    {
      let values = try result(operation)
      #expect(Array(values[0..<3]) == wanted && values[4] == 0)
      #expect(values[3].isNaN && values[5].isNaN)
    }
    #expect(try result(.power)[4] == 1)
    #expect(try result(.power)[1] == -0.125)
    #expect(try abs(result(.power)[2] - 1.8708287) < 1e-5)
  }

  @Test("a float function step applies its function to every element")
  func floatUnary() throws {
    var bench = StepBench()
    let step = FloatUnaryStep(
      name: "u", function: FloatFunction(.clip, a: -1, b: 2), input: bench.buffer(Tensor([4], [-5, 0.5, 7, .nan])),
      output: bench.output(.float32, [4]), count: 4)
    let values = try bench.float(step)
    #expect(Array(values[..<3]) == [-1, 0.5, 2] && values[3].isNaN)
  }

  @Test("casts truncate, saturate and wrap as stated")
  func cast() throws {
    func cast(_ tensor: Tensor, to type: DataType) throws -> Tensor? {
      var bench = StepBench()
      let step = CastStep(
        name: "c", input: bench.buffer(tensor), output: bench.output(type, tensor.shape), count: tensor.count,
        from: tensor.dataType, to: type)
      return Tensor(TensorType(type, tensor.shape), littleEndianBytes: try bench.run(step))
    }
    let floats = Tensor([6], [1.9, -1.9, 3e10, -.infinity, .nan, 200] as [Float])
    #expect(try cast(floats, to: .int64)?.int64s == [1, -1, 30_000_001_024, .min, 0, 200])
    #expect(try cast(floats, to: .int32)?.littleEndianBytes.count == 24)
    if case .int32(let values)? = try cast(floats, to: .int32)?.elements {
      #expect(values == [1, -1, .max, .min, 0, 200])
    }
    if case .int8(let values)? = try cast(floats, to: .int8)?.elements {
      #expect(values == [1, -1, 127, -128, 0, 127])
    }
    if case .uint8(let values)? = try cast(floats, to: .uint8)?.elements { #expect(values == [1, 0, 255, 0, 0, 200]) }
    if case .bool(let values)? = try cast(floats, to: .bool)?.elements {
      #expect(values == [true, true, true, true, true, true])
    }
    let integers = Tensor([3], [300, -1, 1 << 40] as [Int64])
    if case .uint8(let values)? = try cast(integers, to: .uint8)?.elements { #expect(values == [44, 255, 0]) }
    if case .int32(let values)? = try cast(integers, to: .int32)?.elements { #expect(values == [300, -1, 0]) }
    #expect(try cast(integers, to: .float32)?.floats == [300, -1, 1_099_511_627_776])
    #expect(try cast(Tensor([2], [true, false]), to: .float32)?.floats == [1, 0])
  }
}
