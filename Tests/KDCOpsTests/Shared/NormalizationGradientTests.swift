import KDCGraph
import KDCOps
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct NormalizationGradientTests {
  private static let epsilon = Double(Float(1e-5))

  /// (x − mean) / sqrt(var + ε) with the statistics of the elements themselves.
  private func normalized(_ x: [Double]) -> (values: [Double], mean: Double, inverse: Double) {
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    let inverse = 1 / (variance + Self.epsilon).squareRoot()
    return (x.map { ($0 - mean) * inverse }, mean, inverse)
  }

  @Test("LayerNormalization's gradients equal central differences, also through its mean and deviation")
  func layer() throws {
    var random = SeededGenerator(seed: 171)
    for (axis, scale) in [(2, [7]), (1, [3, 7]), (-1, [1])] {
      let count = axis == 1 ? 21 : 7
      let op = OperatorCase("LayerNormalization", ["axis": .int(Int64(axis))])
      let inputs = [random.tensor(2, 3, 7), random.tensor(scale), random.tensor(scale)]
      try GradientCheck(name: "axis \(axis)", op: op, inputs: inputs) { v in
        let rows = stride(from: 0, to: 42, by: count).map { normalized(Array(v[0][$0..<$0 + count])) }
        let y = rows.flatMap { row in
          row.values.enumerated().map { $1 * v[1][$0 % v[1].count] + v[2][$0 % v[2].count] }
        }
        return [y, rows.map(\.mean), rows.map(\.inverse)]
      }.run(seed: 172)
    }
  }

  @Test("InstanceNormalization's gradients equal central differences")
  func instance() throws {
    var random = SeededGenerator(seed: 173)
    let inputs = [random.tensor(2, 3, 5, 3), random.tensor(3), random.tensor(3)]
    try GradientCheck(name: "instance", op: OperatorCase("InstanceNormalization"), inputs: inputs) { v in
      [
        (0..<6).flatMap { plane in
          normalized(Array(v[0][plane * 15..<(plane + 1) * 15])).values.map { $0 * v[1][plane % 3] + v[2][plane % 3] }
        }
      ]
    }.run(seed: 174)
  }

  @Test("RMSNormalization's gradients equal central differences")
  func rootMeanSquare() throws {
    var random = SeededGenerator(seed: 177)
    for (axis, scale) in [(2, [7]), (1, [3, 7]), (-1, [1])] {
      let count = axis == 1 ? 21 : 7
      let op = OperatorCase("RMSNormalization", opset: 23, ["axis": .int(Int64(axis))])
      let inputs = [random.tensor(2, 3, 7), random.tensor(scale)]
      try GradientCheck(name: "axis \(axis)", op: op, inputs: inputs) { v in
        [
          stride(from: 0, to: 42, by: count).flatMap { start in
            let row = v[0][start..<start + count]
            let root = (row.reduce(0) { $0 + $1 * $1 } / Double(count) + Self.epsilon).squareRoot()
            return row.enumerated().map { $1 / root * v[1][$0 % v[1].count] }
          }
        ]
      }.run(seed: 178)
    }
  }

  @Test("LpNormalization's gradients equal central differences along any axis for both norms")
  func norms() throws {
    var random = SeededGenerator(seed: 179)
    for (axis, p) in [(1, 1), (1, 2), (-1, 2)] {
      let op = OperatorCase("LpNormalization", ["axis": .int(Int64(axis)), "p": .int(Int64(p))])
      try GradientCheck(name: "axis \(axis), p \(p)", op: op, inputs: [random.tensor(2, 3, 5)]) { v in
        var sums: [Int: Double] = [:]
        func key(_ at: Int) -> Int { axis == 1 ? at / 15 * 5 + at % 5 : at / 5 }
        for (at, x) in v[0].enumerated() { sums[key(at), default: 0] += p == 1 ? abs(x) : x * x }
        return [
          v[0].enumerated().map { at, x in
            let sum = sums[key(at)] ?? 1
            return x / (p == 1 ? sum : sum.squareRoot())
          }
        ]
      }.run(seed: 180)
    }
  }

  @Test("BatchNormalization's gradients equal central differences for all five inputs")
  func batch() throws {
    var random = SeededGenerator(seed: 175)
    for dims in [[3, 4, 5, 2], [5, 4]] {
      let pixels = dims[2...].reduce(1, *)
      var inputs: [Tensor?] = [random.tensor(dims)] + (0..<3).map { _ in random.tensor(4) }
      inputs.append(Tensor([4], [0.5, 1, 2, 0.1] as [Float]))
      try GradientCheck(name: "\(dims)", op: OperatorCase("BatchNormalization"), inputs: inputs) { v in
        [
          v[0].enumerated().map { at, x in
            let c = at / pixels % 4
            return (x - v[3][c]) / (v[4][c] + Self.epsilon).squareRoot() * v[1][c] + v[2][c]
          }
        ]
      }.run(seed: 176)
    }
  }

  @Test("BatchNormalization in training has the gradients of statistics of the batch")
  func training() throws {
    var random = SeededGenerator(seed: 177)
    let op = try #require(try Operators.decode(OperatorCase("BatchNormalization").node) as? BatchNormalization)
    let (images, channels, pixels) = (3, 2, 5)
    let x = random.tensor(images, channels, pixels)
    let (scale, bias) = (random.tensor(channels).floats ?? [], random.tensor(channels).floats ?? [])
    let g = random.tensor(images, channels, pixels)
    let forward = try op.evaluateTraining(x: x, scale: scale, bias: bias)
    let found = try op.trainingGradients(
      x: x, scale: scale, mean: forward.mean, variance: forward.variance, outputGradient: g)
    func output(_ x: [Double], _ scale: [Double], _ bias: [Double]) -> [Double] {
      var y = x
      for c in 0..<channels {
        let at = x.indices.filter { $0 / pixels % channels == c }
        for (index, value) in zip(at, normalized(at.map { x[$0] }).values) { y[index] = value * scale[c] + bias[c] }
      }
      return y
    }
    let start = [x.floats ?? [], scale, bias].map { $0.map(Double.init) }
    #expect(
      zip(forward.output.floats ?? [], output(start[0], start[1], start[2])).allSatisfy { abs(Double($0) - $1) < 1e-5 })
    for (input, gradient) in [found.x.floats ?? [], found.scale, found.bias].enumerated() {
      #expect(gradient.count == start[input].count)
      for element in gradient.indices {
        let slopes = [-1e-5, 1e-5].map { step in
          var v = start
          v[input][element] += step
          return zip(output(v[0], v[1], v[2]), g.floats ?? []).reduce(0) { $0 + $1.0 * Double($1.1) }
        }
        let slope = (slopes[1] - slopes[0]) / 2e-5
        #expect(abs(Double(gradient[element]) - slope) <= 1e-3 * max(0.1, abs(slope)), "input \(input), seed 177")
      }
    }
  }
}
