import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct ConvTests {
  struct Case: Sendable {
    var x: [Int]
    var w: [Int]
    var group = 1
    var strides = [1, 1]
    var dilations = [1, 1]
    var pads = [0, 0, 0, 0]
  }

  static let cases: [Case] = [
    Case(x: [1, 3, 8, 9], w: [4, 3, 3, 3]),
    Case(x: [2, 3, 8, 9], w: [5, 3, 3, 3], pads: [1, 1, 1, 1]),
    Case(x: [1, 4, 7, 7], w: [6, 2, 3, 2], group: 2, strides: [2, 3], pads: [0, 1, 2, 0]),
    Case(x: [2, 6, 9, 8], w: [6, 1, 3, 3], group: 6, strides: [2, 1], pads: [1, 1, 1, 1]),
    Case(x: [1, 6, 9, 8], w: [6, 1, 3, 3], group: 6, dilations: [2, 3], pads: [2, 3, 2, 3]),
    Case(x: [1, 3, 9, 8], w: [6, 1, 3, 3], group: 3, strides: [2, 2]),
    Case(x: [2, 8, 5, 5], w: [7, 8, 1, 1]),
    Case(x: [1, 8, 5, 5], w: [7, 8, 1, 1], strides: [2, 2]),
    Case(x: [1, 2, 5, 5], w: [3, 2, 5, 5], pads: [4, 4, 4, 4]),
    Case(x: [1, 1, 2, 2], w: [1, 1, 2, 2], strides: [3, 3], pads: [5, 5, 5, 5]),
    Case(x: [1, 2, 1, 1], w: [256, 2, 1, 1]),
  ]

  @Test("Conv equals its definition for groups, strides, dilations and padding", arguments: cases)
  func definition(_ c: Case) throws {
    var random = SeededGenerator(seed: 7)
    let (x, w, b) = (random.tensor(c.x), random.tensor(c.w), random.tensor(c.w[0]))
    let y = try OperatorCase(
      "Conv",
      [
        "group": .int(Int64(c.group)), "strides": .ints(c.strides.map(Int64.init)),
        "dilations": .ints(c.dilations.map(Int64.init)), "pads": .ints(c.pads.map(Int64.init)),
      ]
    ).run([x, w, b])
    let expected = naiveConvolution(
      x, w, bias: b.floats, group: c.group, strides: c.strides, dilations: c.dilations, pads: c.pads)
    #expect(isClose(y[0], expected), "\(c), seed 7")
  }

  @Test("A convolution large enough for several blocks equals its definition")
  func blocks() throws {
    var random = SeededGenerator(seed: 8)
    let (x, w) = (random.tensor(1, 64, 40, 40), random.tensor(8, 64, 3, 3))
    let y = try OperatorCase("Conv").run([x, w])
    #expect(isClose(y[0], naiveConvolution(x, w), tolerance: 1e-4), "seed 8")
  }

  @Test("auto_pad SAME keeps ceil(input / stride) and puts the odd element at the end (upper) or begin (lower)")
  func autoPad() throws {
    var random = SeededGenerator(seed: 9)
    let (x, w) = (random.tensor(1, 1, 6, 5), random.tensor(1, 1, 3, 2))
    for (mode, pads) in [("SAME_UPPER", [0, 0, 1, 1]), ("SAME_LOWER", [1, 1, 0, 0]), ("VALID", [0, 0, 0, 0])] {
      let y = try OperatorCase("Conv", ["auto_pad": .string(mode), "strides": .ints([2, 1])]).run([x, w])
      #expect(isClose(y[0], naiveConvolution(x, w, strides: [2, 1], pads: pads)), "\(mode), seed 9")
    }
  }

  @Test("Conv with one spatial axis is the two-dimensional one of height 1")
  func oneAxis() throws {
    var random = SeededGenerator(seed: 10)
    let (x, w) = (random.tensor(2, 3, 10), random.tensor(4, 3, 3))
    let y = try OperatorCase("Conv", ["pads": .ints([1, 2]), "dilations": .ints([2])]).run([x, w])
    let flat = naiveConvolution(
      x.reshaped(to: [2, 3, 1, 10]), w.reshaped(to: [4, 3, 1, 3]), dilations: [1, 2], pads: [0, 1, 0, 2])
    #expect(isClose(y[0], flat.reshaped(to: [2, 4, 9])), "seed 10")
  }

  @Test("With three spatial axes every tap is added, in groups, with padding, strides and dilations of the first axis")
  func threeAxes() throws {
    // Two channels of depth 3, one for each group; the two taps lie along the depth.
    let x = Tensor([1, 2, 3, 1, 1], [1, 2, 3, 10, 20, 30] as [Float])
    let w = Tensor([2, 1, 2, 1, 1], [1, 100, 2, 3] as [Float])
    let bias = Tensor([2], [0, 1] as [Float])
    let plain = OperatorCase("Conv", ["group": .int(2)])
    #expect(try plain.run([x, w, bias])[0].floats == [201, 302, 81, 131])
    let dilated = OperatorCase(
      "Conv",
      [
        "group": .int(2), "pads": .ints([1, 0, 0, 1, 0, 0]), "strides": .ints([2, 1, 1]),
        "dilations": .ints([2, 1, 1]),
      ])
    #expect(try dilated.run([x, w, bias])[0].floats == [200, 2, 61, 41])
  }

  @Test("Channels, bias or kernels that do not fit are KDC2014")
  func mismatches() {
    var random = SeededGenerator(seed: 11)
    let x = random.tensor(1, 4, 5, 5)
    let conv = OperatorCase("Conv")
    #expect(conv.fault([x, random.tensor(2, 3, 3, 3)])?.id == .shapeMismatch)
    #expect(conv.fault([x, random.tensor(2, 4, 3)])?.id == .shapeMismatch)
    #expect(conv.fault([x, random.tensor(2, 4, 6, 3)])?.id == .shapeMismatch)
    #expect(conv.fault([x, random.tensor(2, 4, 3, 3), random.tensor(3)])?.id == .shapeMismatch)
    #expect(OperatorCase("Conv", ["group": .int(3)]).fault([x, random.tensor(2, 4, 3, 3)])?.id == .shapeMismatch)
    let kernel = OperatorCase("Conv", ["kernel_shape": .ints([2, 2])])
    #expect(kernel.fault([x, random.tensor(2, 4, 3, 3)])?.id == .shapeMismatch)
  }

  @Test("Impossible attribute values are KDC2011")
  func badAttributes() {
    var random = SeededGenerator(seed: 12)
    let inputs: [Tensor?] = [random.tensor(1, 4, 5, 5), random.tensor(2, 4, 3, 3)]
    let bad: [(String, Attribute)] = [
      ("strides", .ints([0, 1])), ("strides", .ints([1])), ("pads", .ints([-1, 0, 0, 0])), ("pads", .ints([1, 1])),
      ("dilations", .ints([1, 1, 1])), ("group", .int(0)), ("auto_pad", .string("SAME_UPER")),
      ("strides", .ints([.max, 1])), ("pads", .int(1)),
    ]
    for (name, value) in bad {
      #expect(OperatorCase("Conv", [name: value]).fault(inputs)?.id == .invalidAttribute, "\(name) \(value)")
    }
    #expect(
      OperatorCase("Conv", ["auto_pad": .string("SAME_UPER")]).fault(inputs)?.hint?.contains("SAME_UPPER") == true)
  }
}
