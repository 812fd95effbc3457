import KDCGraph
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct ConvGradientTests {
  struct Case: Sendable, CustomStringConvertible {
    var name: String
    var x: [Int]
    var w: [Int]
    var group = 1
    var strides = [1, 1]
    var dilations = [1, 1]
    var pads = [0, 0, 0, 0]
    var description: String { name }
  }

  static let cases: [Case] = [
    Case(name: "3×3", x: [1, 3, 7, 6], w: [4, 3, 3, 3], pads: [1, 1, 1, 1]),
    Case(name: "batch 3", x: [3, 2, 5, 6], w: [3, 2, 3, 3], pads: [1, 1, 1, 1]),
    Case(name: "1×1", x: [2, 5, 3, 5], w: [3, 5, 1, 1]),
    Case(name: "1×1 stride 2", x: [2, 3, 5, 6], w: [4, 3, 1, 1], strides: [2, 2]),
    Case(name: "stride 2", x: [2, 3, 7, 8], w: [2, 3, 3, 3], strides: [2, 2], pads: [1, 1, 1, 1]),
    Case(name: "dilation 2", x: [1, 2, 9, 8], w: [3, 2, 3, 2], dilations: [2, 2], pads: [2, 0, 1, 2]),
    Case(name: "asymmetric padding", x: [1, 2, 5, 6], w: [2, 2, 3, 4], strides: [1, 2], pads: [0, 2, 1, 3]),
    Case(name: "groups", x: [2, 4, 5, 7], w: [6, 2, 3, 3], group: 2, strides: [2, 1], pads: [1, 1, 1, 1]),
    Case(name: "depthwise", x: [2, 5, 7, 6], w: [5, 1, 3, 3], group: 5, pads: [1, 1, 1, 1]),
    Case(
      name: "depthwise stride 2", x: [3, 4, 7, 8], w: [4, 1, 3, 3], group: 4, strides: [2, 2], pads: [1, 1, 1, 1]),
    Case(
      name: "depthwise 5×2 dilated", x: [1, 3, 11, 6], w: [3, 1, 5, 2], group: 3, strides: [1, 3], dilations: [2, 3],
      pads: [4, 1, 3, 2]),
    Case(name: "depthwise of wide rows", x: [1, 2, 4, 37], w: [2, 1, 3, 3], group: 2, pads: [1, 1, 1, 1]),
    Case(name: "depthwise with multiplier", x: [2, 3, 5, 5], w: [6, 1, 3, 3], group: 3, pads: [1, 1, 1, 1]),
    Case(name: "taps outside the image", x: [1, 1, 2, 2], w: [2, 1, 4, 5], strides: [3, 3], pads: [5, 5, 5, 5]),
    Case(name: "small images, many channels", x: [5, 9, 3, 3], w: [8, 9, 3, 3], pads: [1, 1, 1, 1]),
  ]

  private func attributes(_ c: Case) -> [String: Attribute] {
    [
      "group": .int(Int64(c.group)), "strides": .ints(c.strides.map(Int64.init)),
      "dilations": .ints(c.dilations.map(Int64.init)), "pads": .ints(c.pads.map(Int64.init)),
    ]
  }

  private func forward(_ c: Case, _ v: [[Double]]) -> [Double] {
    preciseConvolution(
      v[0], c.x, v[1], c.w, bias: v.count > 2 ? v[2] : [], group: c.group, strides: c.strides, dilations: c.dilations,
      pads: c.pads)
  }

  @Test("Conv's gradients equal central differences", arguments: cases)
  func conv(_ c: Case) throws {
    var random = SeededGenerator(seed: 101)
    let inputs = [random.tensor(c.x), random.tensor(c.w), random.tensor(c.w[0])]
    try GradientCheck(name: c.name, op: OperatorCase("Conv", attributes(c)), inputs: inputs) { [forward(c, $0)] }
      .run(seed: 102)
  }

  @Test("FusedConv's gradients pass the activation and reach the residual", arguments: cases)
  func fused(_ c: Case) throws {
    var random = SeededGenerator(seed: 103)
    let first: [Tensor?] = [random.tensor(c.x), random.tensor(c.w), random.tensor(c.w[0])]
    let y = try OperatorCase("Conv", attributes(c)).run(first)[0]
    let inputs = first + [random.tensor(y.shape.dims)]
    let activations: [(String, [String: Attribute], (Double) -> Double)] = [
      ("none", [:], { $0 }), ("Relu", ["activation": .string("Relu")], { max($0, 0) }),
      (
        "Clip", ["activation": .string("Clip"), "activation_params": .floats([-0.5, 0.75])],
        { min(max($0, -0.5), 0.75) }
      ),
    ]
    for (name, more, activation) in activations {
      let op = OperatorCase("FusedConv", domain: "com.microsoft", attributes(c).merging(more) { $1 })
      try GradientCheck(name: "\(c.name), \(name)", op: op, inputs: inputs) { v in
        [zip(forward(c, v), v[3]).map { activation($0 + $1) }]
      }.run(seed: 104)
    }
  }

  @Test("Conv with one spatial axis has the gradients of the two-dimensional one of height 1")
  func oneAxis() throws {
    var random = SeededGenerator(seed: 105)
    let op = OperatorCase("Conv", ["pads": .ints([2, 1]), "strides": .ints([2])])
    try GradientCheck(name: "one axis", op: op, inputs: [random.tensor(2, 3, 9), random.tensor(4, 3, 4)]) { v in
      [
        preciseConvolution(
          v[0], [2, 3, 1, 9], v[1], [4, 3, 1, 4], bias: [], group: 1, strides: [1, 2], dilations: [1, 1],
          pads: [0, 2, 0, 1])
      ]
    }.run(seed: 106)
  }

  @Test("A convolution of several im2col blocks has the gradients of its parts")
  func blocks() throws {
    var random = SeededGenerator(seed: 107)
    let (x, w) = ([1, 24, 40, 30], [2, 24, 3, 3])
    let check = GradientCheck(
      name: "blocks", op: OperatorCase("Conv"), inputs: [random.tensor(x), random.tensor(w)], wanted: [1]
    ) { v in
      [
        preciseConvolution(
          v[0], x, v[1], w, bias: [], group: 1, strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0])
      ]
    }
    try check.run(seed: 108)
  }
}

/// Convolution from its definition in double precision.
func preciseConvolution(
  _ x: [Double], _ xs: [Int], _ w: [Double], _ ws: [Int], bias: [Double], group: Int, strides: [Int],
  dilations: [Int], pads: [Int]
) -> [Double] {
  let height = (xs[2] + pads[0] + pads[2] - (ws[2] - 1) * dilations[0] - 1) / strides[0] + 1
  let width = (xs[3] + pads[1] + pads[3] - (ws[3] - 1) * dilations[1] - 1) / strides[1] + 1
  var result: [Double] = []
  for n in 0..<xs[0] {
    for m in 0..<ws[0] {
      for oy in 0..<height {
        for ox in 0..<width {
          var sum = bias.isEmpty ? 0 : bias[m]
          for c in 0..<ws[1] {
            let channel = m / (ws[0] / group) * ws[1] + c
            for ky in 0..<ws[2] {
              let iy = oy * strides[0] + ky * dilations[0] - pads[0]
              guard iy >= 0, iy < xs[2] else { continue }
              for kx in 0..<ws[3] {
                let ix = ox * strides[1] + kx * dilations[1] - pads[1]
                guard ix >= 0, ix < xs[3] else { continue }
                sum +=
                  x[((n * xs[1] + channel) * xs[2] + iy) * xs[3] + ix]
                  * w[((m * ws[1] + c) * ws[2] + ky) * ws[3] + kx]
              }
            }
          }
          result.append(sum)
        }
      }
    }
  }
  return result
}
