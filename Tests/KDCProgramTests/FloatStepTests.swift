import Foundation
import KDCProgram
import KDCTensor
import KDCTestSupport
import Testing

@Suite("Float steps")
struct FloatStepTests {
  private func close(_ got: [Float], _ want: [Double], _ tolerance: Double = 1e-5) -> Bool {
    got.count == want.count && zip(got, want).allSatisfy { abs(Double($0) - $1) <= tolerance * max(1, abs($1)) }
  }

  @Test("float convolution agrees with Double", arguments: [1, 2, 4])
  func convolution(groups: Int) throws {
    var random = SeededGenerator(seed: 11)
    let g = ConvolutionGeometry(
      input: (5, 4, 4), output: (3, 4, 4), kernel: (3, 3), strides: (2, 1), padTop: 1, padLeft: 1, groups: groups)
    let inputs = 4 / groups
    let (x, w) = (random.floats(80), random.floats(9 * inputs * 4))
    let (bias, z) = (random.floats(4), random.floats(48))
    var bench = StepBench()
    let step = FloatConvolutionStep(
      name: "c", input: bench.buffer(Tensor([80], x)), output: bench.output(.float32, [48]), geometry: g,
      weights: bench.constant(Tensor([w.count], w)), bias: bench.constant(Tensor([4], bias)),
      residual: bench.buffer(Tensor([48], z)), activation: .relu)
    let want = (0..<48).map { index -> Double in
      let (oy, ox, n) = (index / 16, index / 4 % 4, index % 4)
      var sum = Double(bias[n]) + Double(z[index])
      for ky in 0..<3 {
        for kx in 0..<3 {
          let (iy, ix) = (oy * 2 + ky - 1, ox + kx - 1)
          guard (0..<5).contains(iy), (0..<4).contains(ix) else { continue }
          for i in 0..<inputs {
            let channel = n / (4 / groups) * inputs + i
            sum += Double(x[(iy * 4 + ix) * 4 + channel]) * Double(w[((ky * 3 + kx) * inputs + i) * 4 + n])
          }
        }
      }
      return max(sum, 0)
    }
    #expect(close(try bench.float(step), want))
  }

  @Test("Winograd's tiles agree with the convolution")
  func winograd() throws {
    var random = SeededGenerator(seed: 15)
    let g = ConvolutionGeometry(input: (7, 6, 5), output: (7, 6, 9), kernel: (3, 3), padTop: 1, padLeft: 1)
    let (x, w, bias) = (random.floats(210), random.floats(405), random.floats(9))
    var bench = StepBench()
    let direct = FloatConvolutionStep(
      name: "c", input: bench.buffer(Tensor([210], x)), output: bench.output(.float32, [378]), geometry: g,
      weights: bench.constant(Tensor([405], w)), bias: bench.constant(Tensor([9], bias)))
    let tiled = try #require(FloatWinogradStep(direct))
    let want = try bench.float(direct).map { Double($0) }
    #expect(close(try bench.float(tiled), want, 1e-4))
  }

  @Test("matrix product with and without a transposed, broadcast operand", arguments: [false, true])
  func matMul(transposed: Bool) throws {
    var random = SeededGenerator(seed: 12)
    let (a, b) = (random.floats(2 * 3 * 5), random.floats(5 * 4))
    var bench = StepBench()
    let step = FloatMatMulStep(
      name: "m", a: bench.buffer(Tensor([30], a)), b: bench.buffer(Tensor([20], b)),
      output: bench.output(.float32, [24]), batch: 2, rows: 3, columns: 4, depth: 5, batchStrideA: 15, batchStrideB: 0,
      transposedB: transposed)
    let want = (0..<24).map { index -> Double in
      (0..<5).reduce(0) { sum, k in
        let n = index % 4
        return sum + Double(a[index / 4 * 5 + k]) * Double(b[transposed ? n * 5 + k : k * 4 + n])
      }
    }
    #expect(close(try bench.float(step), want))
  }

  @Test("reductions of the middle axis", arguments: FloatReduceStep.Operation.allCases)
  func reduce(_ operation: FloatReduceStep.Operation) throws {
    var random = SeededGenerator(seed: 13)
    let x = random.floats(2 * 7 * 3)
    var bench = StepBench()
    let step = FloatReduceStep(
      name: "r", operation: operation, input: bench.buffer(Tensor([42], x)), output: bench.output(.float32, [6]),
      outer: 2, reduced: 7, inner: 3)
    let want = (0..<6).map { index -> Double in
      let values = (0..<7).map { Double(x[index / 3 * 21 + $0 * 3 + index % 3]) }
      return switch operation {
      case .sum: values.reduce(0, +)
      case .mean: values.reduce(0, +) / 7
      case .product: values.reduce(1, *)
      case .maximum: values.max() ?? 0
      case .minimum: values.min() ?? 0
      }
    }
    #expect(close(try bench.float(step), want))
  }

  @Test("softmax and its logarithm, also of large values", arguments: [false, true])
  func softmax(isLog: Bool) throws {
    let x: [Float] = [1, 1000, 2, 1001, 3, 999]
    var bench = StepBench()
    let step = SoftmaxStep(
      name: "s", input: bench.buffer(Tensor([6], x)), output: bench.output(.float32, [6]), outer: 1, count: 3, inner: 2,
      isLog: isLog)
    let want = (0..<6).map { index -> Double in
      let values = (0..<3).map { Double(x[$0 * 2 + index % 2]) - Double(x[index % 2]) }
      let log = values[index / 2] - Foundation.log(values.map { exp($0) }.reduce(0, +))
      return isLog ? log : exp(log)
    }
    #expect(close(try bench.float(step), want))
  }

  @Test(
    "a recurrent layer follows the equations forwards and backwards",
    arguments: [
      (RecurrentStep.Cell.gru, true, false), (.gru, false, true), (.lstm, false, false), (.lstm, false, true),
    ])
  func recurrent(_ cell: RecurrentStep.Cell, _ linear: Bool, _ reversed: Bool) throws {
    var random = SeededGenerator(seed: 14)
    let (steps, inputs, hidden) = (4, 3, 5)
    let gates = cell == .gru ? 3 : 4
    let x = random.floats(steps * inputs, in: -2...2)
    let w = random.floats(inputs * gates * hidden)
    let r = random.floats(hidden * gates * hidden)
    let (bw, br) = (random.floats(gates * hidden), random.floats(gates * hidden))
    let (h0, c0) = (random.floats(hidden), random.floats(hidden))
    var bench = StepBench()
    let step = RecurrentStep(
      name: "r", cell: cell, input: bench.buffer(Tensor([x.count], x)), initialHidden: bench.buffer(Tensor([5], h0)),
      initialCell: cell == .lstm ? bench.buffer(Tensor([5], c0)) : nil,
      sequence: bench.output(.float32, [steps * hidden]), finalHidden: bench.output(.float32, [hidden]),
      finalCell: nil, steps: steps, inputSize: inputs, hiddenSize: hidden, linearBeforeReset: linear,
      reversed: reversed, sequenceOffset: 0, sequenceStride: hidden, stateOffset: 0,
      inputWeights: bench.constant(Tensor([w.count], w)), recurrentWeights: bench.constant(Tensor([r.count], r)),
      inputBias: bench.constant(Tensor([bw.count], bw)), recurrentBias: bench.constant(Tensor([br.count], br)))

    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    var h = h0.map(Double.init)
    var c = c0.map(Double.init)
    var want = [Double](repeating: 0, count: steps * hidden)
    for t in reversed ? Array((0..<steps).reversed()) : Array(0..<steps) {
      func gx(_ lane: Int) -> Double {
        (0..<inputs).reduce(Double(bw[lane])) {
          $0 + Double(x[t * inputs + $1]) * Double(w[$1 * gates * hidden + lane])
        }
      }
      func gh(_ lane: Int, _ h: [Double]) -> Double {
        (0..<hidden).reduce(Double(br[lane])) { $0 + h[$1] * Double(r[$1 * gates * hidden + lane]) }
      }
      let old = h
      if cell == .gru {
        let z = (0..<hidden).map { sigmoid(gx($0) + gh($0, old)) }
        let reset = (0..<hidden).map { sigmoid(gx(hidden + $0) + gh(hidden + $0, old)) }
        let scaled = zip(reset, old).map { $0 * $1 }
        for j in 0..<hidden {
          let lane = 2 * hidden + j
          let n = tanh(gx(lane) + (linear ? reset[j] * gh(lane, old) : gh(lane, scaled)))
          h[j] = (1 - z[j]) * n + z[j] * old[j]
        }
      } else {
        for j in 0..<hidden {
          let gate = (0..<4).map { gx($0 * hidden + j) + gh($0 * hidden + j, old) }
          c[j] = sigmoid(gate[2]) * c[j] + sigmoid(gate[0]) * tanh(gate[3])
          h[j] = sigmoid(gate[1]) * tanh(c[j])
        }
      }
      for j in 0..<hidden { want[t * hidden + j] = h[j] }
    }
    #expect(close(try bench.float(step), want))
  }
}
