import KDCGraph
import KDCTensor
import KDCTestSupport
import Testing

@Suite struct GemmGradientTests {
  /// [m, k] · [k, n], either stored transposed.
  private func product(
    _ a: [Double], _ b: [Double], m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false
  ) -> [Double] {
    (0..<m * n).map { at in
      let (i, j) = (at / n, at % n)
      return (0..<k).reduce(0) {
        $0 + a[transposeA ? $1 * m + i : i * k + $1] * b[transposeB ? j * k + $1 : $1 * n + j]
      }
    }
  }

  @Test("Gemm's gradients equal central differences for every transposition and shape of C")
  func gemm() throws {
    var random = SeededGenerator(seed: 111)
    let (m, n, k) = (3, 5, 4)
    for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
      for c in [[3, 5], [5], [1, 5], [3, 1], []] {
        let op = OperatorCase(
          "Gemm",
          [
            "transA": .int(transposeA ? 1 : 0), "transB": .int(transposeB ? 1 : 0), "alpha": .float(0.5),
            "beta": .float(1.5),
          ])
        let inputs = [
          random.tensor(transposeA ? [k, m] : [m, k]), random.tensor(transposeB ? [n, k] : [k, n]), random.tensor(c),
        ]
        try GradientCheck(name: "Gemm \(transposeA) \(transposeB) \(c)", op: op, inputs: inputs) { v in
          let sums = product(v[0], v[1], m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB)
          return [sums.enumerated().map { 0.5 * $1 + 1.5 * v[2][Positions(c).broadcast([$0 / n, $0 % n])] }]
        }.run(seed: 112)
      }
    }
  }

  @Test("FusedGemm's gradients equal central differences for X of any rank, residuals and activations")
  func fused() throws {
    var random = SeededGenerator(seed: 113)
    let clip: [String: Attribute] = ["activation": .string("Clip"), "activation_params": .floats([-0.3, 0.6])]
    for (dims, attributes) in [([4], [:]), ([3, 4], ["activation": .string("Relu")]), ([2, 3, 4], clip)]
      as [([Int], [String: Attribute])]
    {
      let m = dims.dropLast().reduce(1, *)
      let inputs = [
        random.tensor(dims), random.tensor(5, 4), random.tensor(5), random.tensor(dims.dropLast() + [5]),
      ]
      let op = OperatorCase("FusedGemm", domain: "com.microsoft", attributes)
      try GradientCheck(name: "FusedGemm \(dims)", op: op, inputs: inputs) { v in
        let sums = product(v[0], v[1], m: m, n: 5, k: 4, transposeB: true)
        return [
          sums.enumerated().map { at, sum in
            let y = sum + v[2][at % 5] + v[3][at]
            return switch dims.count {
            case 1: y
            case 2: max(y, 0)
            default: min(max(y, -0.3), 0.6)
            }
          }
        ]
      }.run(seed: 114)
    }
  }

  @Test("MatMul's gradients equal central differences for vectors, matrices and broadcast batches")
  func matMul() throws {
    var random = SeededGenerator(seed: 115)
    let cases: [(a: [Int], b: [Int])] = [
      ([3, 4], [4, 5]), ([4], [4, 5]), ([3, 4], [4]), ([4], [4]), ([2, 3, 4], [4, 5]), ([2, 3, 4], [2, 4, 5]),
      ([2, 1, 3, 4], [3, 4, 2]), ([3, 4], [2, 4, 5]),
    ]
    for c in cases {
      let left = c.a.count == 1 ? [1] + c.a : c.a
      let right = c.b.count == 1 ? c.b + [1] : c.b
      let (m, k, n) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
      let rank = max(left.count, right.count) - 2
      func batch(_ dims: [Int]) -> [Int] { [Int](repeating: 1, count: rank - (dims.count - 2)) + dims.dropLast(2) }
      let (x, y) = (Positions(batch(left)), Positions(batch(right)))
      let all = Positions(zip(x.dims, y.dims).map(max))
      try GradientCheck(
        name: "MatMul \(c)", op: OperatorCase("MatMul"), inputs: [random.tensor(c.a), random.tensor(c.b)]
      ) { v in
        [
          (0..<all.count).flatMap { index in
            let (i, j) = (x.broadcast(all.at(index)) * m * k, y.broadcast(all.at(index)) * k * n)
            return product(Array(v[0][i..<i + m * k]), Array(v[1][j..<j + k * n]), m: m, n: n, k: k)
          }
        ]
      }.run(seed: 116)
    }
  }
}
