import KDCGraph
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct ConvTransposeGradientTests {
  struct Case: Sendable {
    var x: [Int]
    var w: [Int]
    var group = 1
    var strides = [1, 1]
    var dilations = [1, 1]
    var pads = [0, 0, 0, 0]
    var outputPadding = [0, 0]
  }

  static let cases: [Case] = [
    Case(x: [2, 3, 4, 5], w: [3, 2, 3, 3]),
    Case(x: [1, 4, 3, 4], w: [4, 3, 2, 2], group: 2, strides: [2, 2]),
    Case(
      x: [2, 2, 4, 3], w: [2, 3, 3, 4], strides: [2, 3], dilations: [2, 1], pads: [1, 0, 2, 1], outputPadding: [1, 0]),
    Case(x: [2, 3, 4, 4], w: [3, 1, 3, 3], group: 3, strides: [2, 2], pads: [1, 1, 1, 1]),
    Case(x: [2, 3, 4, 4], w: [3, 5, 1, 1]),
  ]

  @Test("ConvTranspose's gradients equal central differences", arguments: cases)
  func gradients(_ c: Case) throws {
    var random = SeededGenerator(seed: 181)
    func ints(_ values: [Int]) -> Attribute { .ints(values.map(Int64.init)) }
    let op = OperatorCase(
      "ConvTranspose",
      [
        "group": .int(Int64(c.group)), "strides": ints(c.strides), "dilations": ints(c.dilations), "pads": ints(c.pads),
        "output_padding": ints(c.outputPadding),
      ])
    let size = (0..<2).map { axis -> Int in
      let extent = (c.w[axis + 2] - 1) * c.dilations[axis] + 1
      let full = c.strides[axis] * (c.x[axis + 2] - 1) + c.outputPadding[axis] + extent
      return full - c.pads[axis] - c.pads[axis + 2]
    }
    let (perGroup, channels) = (c.w[1], c.w[1] * c.group)
    let inputs = [random.tensor(c.x), random.tensor(c.w), random.tensor(channels)]
    try GradientCheck(name: "\(c)", op: op, inputs: inputs) { v in
      let output = Positions([c.x[0], channels] + size)
      var y = (0..<output.count).map { v[2][output.at($0)[1]] }
      let (input, weights) = (Positions(c.x), Positions(c.w))
      for at in 0..<input.count {
        let p = input.at(at)
        for tap in 0..<perGroup * c.w[2] * c.w[3] {
          let k = Positions([perGroup, c.w[2], c.w[3]]).at(tap)
          let row = p[2] * c.strides[0] + k[1] * c.dilations[0] - c.pads[0]
          let column = p[3] * c.strides[1] + k[2] * c.dilations[1] - c.pads[1]
          guard row >= 0, row < size[0], column >= 0, column < size[1] else { continue }
          let channel = p[1] / (c.x[1] / c.group) * perGroup + k[0]
          y[output.flat([p[0], channel, row, column])] += v[0][at] * v[1][weights.flat([p[1]] + k)]
        }
      }
      return [y]
    }.run(seed: 182)
  }
}
