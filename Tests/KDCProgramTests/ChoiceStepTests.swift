import KDCProgram
import KDCTensor
import Testing

@Suite("Steps that compare, choose and count")
struct ChoiceStepTests {
  private func dense(_ count: Int, operands: Int = 3) -> Walk {
    Walk(extents: [count], strides: [[Int]](repeating: [1], count: operands))
  }

  @Test(
    "integers wrap; division and remainders by zero give 0, the smallest over −1 does not trap",
    arguments: [
      (.add, [-126, -128, 127, 0]), (.subtract, [124, -128, -127, 14]), (.multiply, [125, 0, -128, -49]),
      (.divide, [42, 0, -128, -1]), (.remainder, [1, 0, 0, 0]), (.modulo, [1, 0, 0, 0]), (.maximum, [127, 0, -1, 7]),
      (.minimum, [3, -128, -128, -7]), (.power, [127, 1, 0, 0]),
    ] as [(IntegerBinaryStep.Operation, [Int8])])
  func arithmetic(operation: IntegerBinaryStep.Operation, expected: [Int8]) throws {
    var bench = StepBench()
    let a = bench.buffer(Tensor([4], [127, -128, -128, 7] as [Int8]))
    let b = bench.buffer(Tensor([4], [3, 0, -1, -7] as [Int8]))
    let step = IntegerBinaryStep(
      name: "i", operation: operation, type: .int8, a: a, b: b, output: bench.output(.int8, [4]), walk: dense(4))
    #expect(try bench.int8(step) == expected)
  }

  @Test("modulo has the sign of the divisor, remainder that of the dividend")
  func signs() throws {
    for (operation, expected) in [
      (IntegerBinaryStep.Operation.remainder, [1, -1, 1, -1] as [Int8]), (.modulo, [1, 2, -2, -1]),
    ] {
      var bench = StepBench()
      let step = IntegerBinaryStep(
        name: "i", operation: operation, type: .int8, a: bench.buffer(Tensor([4], [7, -7, 7, -7] as [Int8])),
        b: bench.buffer(Tensor([4], [3, 3, -3, -3] as [Int8])), output: bench.output(.int8, [4]), walk: dense(4))
      #expect(try bench.int8(step) == expected, "\(operation)")
    }
  }

  @Test("NaN compares as nothing but different")
  func nan() throws {
    for (operation, expected) in [
      (CompareStep.Operation.equal, [0, 1] as [UInt8]), (.less, [0, 0]), (.lessOrEqual, [0, 1]), (.greater, [0, 0]),
      (.greaterOrEqual, [0, 1]),
    ] {
      var bench = StepBench()
      let step = CompareStep(
        name: "c", operation: operation, type: .float32, a: bench.buffer(Tensor([2], [.nan, 0] as [Float])),
        b: bench.buffer(Tensor([2], [.nan, -0.0] as [Float])), output: bench.output(.bool, [2]), walk: dense(2))
      #expect(try bench.run(step) == expected, "\(operation)")
    }
  }

  @Test("the position of the best is its first, or its last")
  func positions() throws {
    for (isMaximum, takesLast, expected) in [(true, false, 1), (true, true, 3), (false, false, 0), (false, true, 4)] {
      var bench = StepBench()
      let step = ArgReduceStep(
        name: "a", type: .int32, isMaximum: isMaximum, takesLast: takesLast,
        input: bench.buffer(Tensor([5], [-2, 9, 0, 9, -2] as [Int32])), output: bench.output(.int64, [1]), outer: 1,
        reduced: 5, inner: 1)
      #expect(try bench.run(step)[0] == UInt8(expected))
    }
  }

  @Test("running sums and products leave themselves out, and go backwards")
  func sums() throws {
    for (exclusive, reversed, expected) in [
      (false, false, [1, 3, 6]), (true, false, [0, 1, 3]), (false, true, [6, 5, 3]), (true, true, [5, 3, 0]),
    ] as [(Bool, Bool, [Float])] {
      var bench = StepBench()
      let step = CumulativeStep(
        name: "s", operation: .sum, type: .float32, input: bench.buffer(Tensor([3], [1, 2, 3] as [Float])),
        output: bench.output(.float32, [3]), outer: 1, count: 3, inner: 1, exclusive: exclusive, reversed: reversed)
      #expect(try bench.float(step) == expected)
    }
    var bench = StepBench()
    let product = CumulativeStep(
      name: "s", operation: .product, type: .float32, input: bench.buffer(Tensor([3], [2, 3, 4] as [Float])),
      output: bench.output(.float32, [3]), outer: 1, count: 3, inner: 1, exclusive: true, reversed: false)
    #expect(try bench.float(product) == [1, 2, 6])
  }

  @Test("programs from files cannot make these steps read or write beside their buffers")
  func bounds() {
    var bench = StepBench()
    let (x, flags) = (bench.output(.float32, [4]), bench.output(.bool, [4]))
    let (index, y) = (bench.output(.int64, [4]), bench.output(.float32, [4]))
    let steps: [any Step] = [
      ScatterStep(
        name: "s", operation: .add, type: .float32, data: x, indices: index, updates: x, indexBytes: 8, output: y,
        count: 4, rows: [5], axisStrides: [1], walk: Walk(extents: [4], strides: [[0], [1], [1]])),
      ScatterStep(
        name: "s", operation: .add, type: .bool, data: flags, indices: index, updates: flags, indexBytes: 8,
        output: bench.output(.bool, [4]), count: 4, rows: [4], axisStrides: [1],
        walk: Walk(extents: [4], strides: [[0], [1], [1]])),
      TopKStep(
        name: "t", type: .float32, isLargest: true, input: x, values: y, positions: index, outer: 1, count: 4, inner: 1,
        picks: 5),
      GatherElementsStep(
        name: "g", data: x, indices: index, indexBytes: 8, output: y, elementBytes: 4, rows: [5], axisStrides: [1],
        walk: Walk(extents: [4], strides: [[0], [1], [1]])),
      GatherElementsStep(
        name: "g", data: x, indices: index, indexBytes: 8, output: y, elementBytes: 4, rows: [1 << 30],
        axisStrides: [1 << 30], walk: Walk(extents: [4], strides: [[0], [1], [1]])),
      SelectStep(
        name: "s", condition: flags, a: x, b: x, output: y, elementBytes: 8, walk: dense(4, operands: 4)),
      SelectStep(name: "s", condition: flags, a: x, b: x, output: x, elementBytes: 4, walk: dense(4, operands: 4)),
      CompareStep(name: "c", operation: .equal, type: .float64, a: x, b: x, output: flags, walk: dense(4)),
      CompareStep(name: "c", operation: .equal, type: .float32, a: x, b: x, output: flags, walk: dense(5)),
      IntegerBinaryStep(name: "i", operation: .and, type: .int8, a: flags, b: flags, output: flags, walk: dense(4)),
      IntegerBinaryStep(name: "i", operation: .add, type: .bool, a: flags, b: flags, output: flags, walk: dense(4)),
      IntegerBinaryStep(name: "i", operation: .add, type: .int64, a: x, b: x, output: y, walk: dense(4)),
      ArgReduceStep(
        name: "a", type: .float32, isMaximum: true, takesLast: false, input: x, output: y, outer: 4, reduced: 1,
        inner: 1),
      CumulativeStep(
        name: "s", operation: .sum, type: .bool, input: flags, output: flags, outer: 1, count: 4, inner: 1,
        exclusive: false,
        reversed: false),
      IntegerReduceStep(
        name: "r", operation: .sum, type: .int32, input: x, output: y, outer: 1, reduced: 5, inner: 1),
    ]
    for step in steps {
      var program = bench.program
      program.steps = [step]
      #expect(throws: (any Error).self, "\(step)") { try program.validate() }
    }
  }
}
