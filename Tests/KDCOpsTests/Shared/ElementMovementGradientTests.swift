import KDCGraph
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct ElementMovementGradientTests {
  /// Inputs after the first are constants; `source` gives the input's position of an output's, nil: a constant.
  private struct Case {
    var op: OperatorCase
    var x: [Int]
    var more: [Tensor?] = []
    var y: [Int]
    var source: ([Int]) -> [Int]?
    var fill = 0.0
  }

  private func int64s(_ values: Int...) -> Tensor { Tensor([values.count], values.map { Int64($0) }) }

  private var cases: [Case] {
    [
      Case(
        op: OperatorCase("Slice"), x: [3, 7, 5], more: [int64s(1, 4), int64s(6, 0), int64s(1, 2), int64s(2, -2)],
        y: [3, 3, 2], source: { [$0[0], 1 + 2 * $0[1], 4 - 2 * $0[2]] }),
      Case(
        op: OperatorCase("Pad"), x: [2, 3, 4], more: [int64s(0, 1, 2, 0, 2, 1), Tensor([], [Float(0.5)])],
        y: [2, 6, 7], source: { (1...3 ~= $0[1] && 2...5 ~= $0[2]) ? [$0[0], $0[1] - 1, $0[2] - 2] : nil }, fill: 0.5),
      Case(
        op: OperatorCase("Pad", opset: 10, ["pads": .ints([0, 1, 0, 1]), "value": .float(3)]), x: [2, 3], y: [2, 5],
        source: { 1...3 ~= $0[1] ? [$0[0], $0[1] - 1] : nil }, fill: 3),
      Case(
        op: OperatorCase("Pad", ["mode": .string("edge")]), x: [2, 3], more: [int64s(0, 2, 1, 1)], y: [3, 6],
        source: { [min($0[0], 1), min(max($0[1] - 2, 0), 2)] }),
      Case(
        op: OperatorCase("Pad", ["mode": .string("reflect")]), x: [4, 4], more: [int64s(0, 2, 0, 3)], y: [4, 9],
        source: { at in
          let position = abs(at[1] - 2)
          return [at[0], position > 3 ? 6 - position : position]
        }),
      Case(
        op: OperatorCase("Gather", ["axis": .int(1)]), x: [2, 5, 3], more: [int64s(4, 0, 4, -2)], y: [2, 4, 3],
        source: { [$0[0], [4, 0, 4, 3][$0[1]], $0[2]] }),
      Case(
        op: OperatorCase("GatherElements", ["axis": .int(1)]), x: [2, 3],
        more: [Tensor([2, 2], [0, 2, 1, 1] as [Int64])], y: [2, 2],
        source: { [$0[0], [[0, 2], [1, 1]][$0[0]][$0[1]]] }),
      Case(
        op: OperatorCase("Expand"), x: [3, 1], more: [int64s(2, 3, 4)], y: [2, 3, 4], source: { [$0[1], 0] }),
      Case(
        op: OperatorCase("Tile"), x: [2, 3], more: [int64s(2, 3)], y: [4, 9], source: { [$0[0] % 2, $0[1] % 3] }),
      Case(
        op: OperatorCase("Trilu", ["upper": .int(0)]), x: [2, 3, 4], y: [2, 3, 4],
        source: { $0[2] <= $0[1] ? $0 : nil }),
      Case(
        op: OperatorCase("DepthToSpace", ["blocksize": .int(2), "mode": .string("CRD")]), x: [2, 8, 3, 2],
        y: [2, 2, 6, 4], source: { [$0[0], $0[1] * 4 + $0[2] % 2 * 2 + $0[3] % 2, $0[2] / 2, $0[3] / 2] }),
      Case(
        op: OperatorCase("SpaceToDepth", ["blocksize": .int(2)]), x: [1, 3, 4, 6], y: [1, 12, 2, 3],
        source: { [$0[0], $0[1] % 3, $0[2] * 2 + $0[1] / 6, $0[3] * 2 + $0[1] / 3 % 2] }),
      Case(
        op: OperatorCase(
          "Resize", ["coordinate_transformation_mode": .string("asymmetric"), "nearest_mode": .string("floor")]),
        x: [1, 2, 3, 2], more: [nil, Tensor([4], [1, 1, 2, 3] as [Float])], y: [1, 2, 6, 6],
        source: { [$0[0], $0[1], $0[2] / 2, $0[3] / 3] }),
      Case(
        op: OperatorCase("Upsample", opset: 9), x: [1, 2, 3, 2], more: [Tensor([4], [1, 1, 2, 3] as [Float])],
        y: [1, 2, 6, 6], source: { [$0[0], $0[1], $0[2] / 2, $0[3] / 3] }),
    ]
  }

  @Test("Operators that move elements give each the gradients of all its places in the output")
  func movement() throws {
    var random = SeededGenerator(seed: 151)
    for c in cases {
      let (input, output) = (Positions(c.x), Positions(c.y))
      let inputs = [random.tensor(c.x)] + c.more
      try GradientCheck(name: "\(c.op.node.opType) \(c.x)", op: c.op, inputs: inputs, wanted: [0]) { v in
        [(0..<output.count).map { at in c.source(output.at(at)).map { v[0][input.flat($0)] } ?? c.fill }]
      }.run(seed: 152)
    }
  }

  @Test("Split joins the gradients of its outputs, those that are absent as zero")
  func split() throws {
    var random = SeededGenerator(seed: 153)
    var op = OperatorCase("Split", ["axis": .int(1)])
    op.node.outputs = ["a", "b", "c"]
    let sizes = [2, 1, 3]
    for used in [[0, 1, 2], [1], [0, 2]] {
      try GradientCheck(
        name: "Split \(used)", op: op, inputs: [random.tensor(2, 6, 3), int64s(2, 1, 3)], wanted: [0], used: used
      ) { v in
        sizes.indices.map { part in
          let start = sizes[..<part].reduce(0, +)
          let (length, whole) = (sizes[part] * 3, 18)
          return (0..<2 * length).map { v[0][$0 / length * whole + start * 3 + $0 % length] }
        }
      }.run(seed: 154)
    }
  }

  @Test("Linear Resize and Upsample spread the gradient by the weights of the interpolation")
  func linear() throws {
    var random = SeededGenerator(seed: 155)
    let (height, width) = (3, 4)
    /// y[o] of one axis at position `at`.
    func weights(_ at: Double, _ size: Int) -> [(Int, Double)] {
      let clamped = min(max(at, 0), Double(size - 1))
      let low = Int(clamped)
      return [(low, 1 - (clamped - Double(low))), (min(low + 1, size - 1), clamped - Double(low))]
    }
    func resampled(_ v: [Double], _ rows: [[(Int, Double)]], _ columns: [[(Int, Double)]]) -> [Double] {
      var result: [Double] = []
      for plane in 0..<2 {
        for row in rows {
          for column in columns {
            var sum = 0.0
            for (y, a) in row {
              for (x, b) in column { sum += a * b * v[(plane * height + y) * width + x] }
            }
            result.append(sum)
          }
        }
      }
      return result
    }
    let x = random.tensor(1, 2, height, width)
    let halfPixel = (0..<6).map { weights((Double($0) + 0.5) / 2 - 0.5, height) }
    let shrunk = (0..<3).map { weights((Double($0) + 0.5) / 0.75 - 0.5, width) }
    try GradientCheck(
      name: "Resize", op: OperatorCase("Resize", ["mode": .string("linear")]),
      inputs: [x, nil, Tensor([4], [1, 1, 2, 0.75] as [Float])], wanted: [0]
    ) { [resampled($0[0], halfPixel, shrunk)] }.run(seed: 156)
    let doubled = (0..<6).map { weights(Double($0) / 2, height) }
    let tripled = (0..<12).map { weights(Double(Float($0) / 3), width) }
    try GradientCheck(
      name: "Upsample", op: OperatorCase("Upsample", opset: 9, ["mode": .string("linear")]),
      inputs: [x, Tensor([4], [1, 1, 2, 3] as [Float])], wanted: [0]
    ) { [resampled($0[0], doubled, tripled)] }.run(seed: 157)
  }
}
