import KDCProgram
import KDCTensor
import KDCTestSupport
import Testing

@Suite("Convolution step")
struct ConvolutionStepTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var geometry: ConvolutionGeometry
    var residual = false
    var testDescription: String { "\(geometry.kernelHeight)×\(geometry.kernelWidth) \(geometry)" }
  }
  private static func geometry(
    _ size: (Int, Int), _ channels: (Int, Int), kernel: (Int, Int), stride: (Int, Int) = (1, 1),
    dilation: (Int, Int) = (1, 1), pad: (Int, Int) = (0, 0), groups: Int = 1
  ) -> ConvolutionGeometry {
    let height = (size.0 + 2 * pad.0 - (kernel.0 - 1) * dilation.0 - 1) / stride.0 + 1
    let width = (size.1 + 2 * pad.1 - (kernel.1 - 1) * dilation.1 - 1) / stride.1 + 1
    return ConvolutionGeometry(
      input: (size.0, size.1, channels.0), output: (height, width, channels.1), kernel: kernel, strides: stride,
      dilations: dilation, padTop: pad.0, padLeft: pad.1, groups: groups)
  }
  static let cases: [Case] = [
    Case(geometry: geometry((5, 7), (3, 5), kernel: (3, 3), pad: (1, 1))),
    Case(geometry: geometry((6, 5), (16, 8), kernel: (1, 1)), residual: true),
    Case(geometry: geometry((9, 8), (7, 6), kernel: (3, 2), stride: (2, 3), pad: (2, 1))),
    Case(geometry: geometry((9, 9), (4, 6), kernel: (3, 3), dilation: (2, 3), pad: (2, 3), groups: 2)),
    Case(geometry: geometry((7, 6), (8, 8), kernel: (3, 3), stride: (2, 2), pad: (1, 1), groups: 8), residual: true),
    Case(geometry: geometry((4, 4), (5, 5), kernel: (5, 5), pad: (4, 4), groups: 5)),
    Case(geometry: geometry((4, 4), (3, 9), kernel: (3, 3), pad: (1, 1), groups: 3)),
    Case(geometry: geometry((1, 1), (130, 10), kernel: (1, 1))),
    Case(geometry: geometry((2, 3), (1300, 5), kernel: (1, 1))),
    Case(geometry: geometry((40, 40), (32, 33), kernel: (3, 3), pad: (1, 1)), residual: true),
  ]

  @Test("random convolutions equal the formula in exact integers, on one thread and on three", arguments: cases)
  func randomCases(_ test: Case) throws {
    let g = test.geometry
    let seed: UInt64 = 17
    var random = SeededGenerator(seed: seed)
    var bench = StepBench()
    let x = random.int8s(g.inputHeight * g.inputWidth * g.inputChannels)
    let inputs = g.inputChannels / g.groups
    let w = random.int8s(g.outputChannels * g.kernelHeight * g.kernelWidth * inputs, in: -127...127)
    let bias = (0..<g.outputChannels).map { _ in Int32.random(in: -100_000...100_000, using: &random) }
    let multipliers = (0..<g.outputChannels).map { _ in Int32.random(in: 1...Int32.max, using: &random) }
    let r = random.int8s(g.outputHeight * g.outputWidth * g.outputChannels)
    let requantization = Requantization(
      preShift: test.residual ? 3 : 0, shift: 11, zeroPoint: -7, low: -100, high: 127)
    let input = bench.buffer(Tensor([x.count], x))
    let residual = test.residual ? bench.buffer(Tensor([r.count], r)) : nil
    let step = ConvolutionStep(
      name: "conv", input: input, output: bench.output(.int8, [r.count]), geometry: g, inputZeroPoint: -5,
      weights: bench.constant(Tensor([w.count], w)), bias: bench.constant(Tensor([bias.count], bias)),
      multipliers: bench.constant(Tensor([multipliers.count], multipliers)), requantization: requantization,
      residual: residual.map { .init(buffer: $0, zeroPoint: 9, multiplier: -2345) })

    var want: [Int8] = []
    for oy in 0..<g.outputHeight {
      for ox in 0..<g.outputWidth {
        for n in 0..<g.outputChannels {
          var sum = Int(bias[n])
          for ky in 0..<g.kernelHeight {
            for kx in 0..<g.kernelWidth {
              let (iy, ix) = (
                oy * g.strideY + ky * g.dilationY - g.padTop, ox * g.strideX + kx * g.dilationX - g.padLeft
              )
              let inside = (0..<g.inputHeight).contains(iy) && (0..<g.inputWidth).contains(ix)
              for i in 0..<inputs {
                let channel = n / (g.outputChannels / g.groups) * inputs + i
                let value = inside ? Int(x[(iy * g.inputWidth + ix) * g.inputChannels + channel]) : -5
                sum += value * Int(w[((n * g.kernelHeight + ky) * g.kernelWidth + kx) * inputs + i])
              }
            }
          }
          let extra = test.residual ? (Int(r[want.count]) - 9) * -2345 : 0
          want.append(exactRequantization(sum, Int(multipliers[n]), requantization, residual: extra))
        }
      }
    }
    let single = try bench.int8(step)
    let several = try bench.int8(step, threads: 3)
    #expect(single == want, "seed \(seed)")
    #expect(several == want, "seed \(seed)")
  }

  @Test("the longest sums of extreme values are exact")
  func longSums() throws {
    var bench = StepBench()
    let depth = 4000
    let sum = Int32(depth) * 128 * 127
    let step = ConvolutionStep(
      name: "conv", input: bench.buffer(Tensor([depth], [Int8](repeating: -128, count: depth))),
      output: bench.output(.int8, [2]),
      geometry: ConvolutionGeometry(input: (1, 1, depth), output: (1, 1, 2), kernel: (1, 1)), inputZeroPoint: 0,
      weights: bench.constant(
        Tensor([2, depth], (0..<2 * depth).map { $0 < depth ? -127 : 127 } as [Int8])),
      bias: bench.constant(Tensor([2], [-sum + 5, sum - 3])),
      multipliers: bench.constant(Tensor([2], [Int32.max, Int32.max])),
      requantization: Requantization(preShift: 0, shift: 0, zeroPoint: 0, low: -128, high: 127))
    #expect(try bench.int8(step) == [5, -3])
  }

  @Test("extreme values saturate, and a wrapped accumulator wraps")
  func extremes() throws {
    var bench = StepBench()
    let x: [Int8] = [-128, 127, -128, 127]
    let step = ConvolutionStep(
      name: "conv", input: bench.buffer(Tensor([4], x)), output: bench.output(.int8, [4]),
      geometry: ConvolutionGeometry(input: (1, 1, 4), output: (1, 1, 4), kernel: (1, 1), groups: 4), inputZeroPoint: 0,
      weights: bench.constant(Tensor([4], [127, 127, -127, 1] as [Int8])),
      bias: bench.constant(Tensor([4], [0, 0, Int32.max, Int32.min] as [Int32])),
      multipliers: bench.constant(Tensor([4], [Int32.max, Int32.max, 1 << 30, 1] as [Int32])),
      requantization: Requantization(preShift: 0, shift: 0, zeroPoint: 10, low: -128, high: 120))
    // 16256 wraps around Int32.max; half of it is far negative.
    let want = [
      exactRequantization(-16256, Int(Int32.max), step.requantization),
      exactRequantization(16129, Int(Int32.max), step.requantization),
      exactRequantization(Int(Int32.max &+ 16256), 1 << 30, step.requantization),
      exactRequantization(Int(Int32.min) + 127, 1, step.requantization),
    ]
    #expect(try bench.int8(step) == want)
    #expect(want == [-128, 120, -128, 10 - 1])
  }
}
