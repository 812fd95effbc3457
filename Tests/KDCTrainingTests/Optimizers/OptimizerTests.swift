import KDCGraph
import KDCTensor
import KDCTraining
import Testing

@Suite("Optimizers")
struct OptimizerTests {
  private func parameters(_ values: [Float]) -> Parameters {
    let graph = Graph(
      name: "w", opset: 17, inputs: [], outputs: [], nodes: [],
      initializers: ["w": Tensor([1, values.count], values)])
    return Parameters(["w"], of: graph)
  }

  @Test("The first step of Adam has the size of the rate, whatever the gradient's")
  func firstStep() {
    var weights = parameters([1, 1, 1])
    var adam = Adam()
    adam.step(&weights, gradients: [[0.001, -100, 0]], rate: 0.1, threads: 1)
    #expect(zip(weights.values[0], [0.9, 1.1, 1] as [Float]).allSatisfy { abs($0 - $1) < 1e-4 })
    #expect(adam.stepCount == 1 && adam.moments.count == 2)
  }

  @Test("A relative rate moves each tensor by a share of its typical weight, within bounds")
  func relativeRate() {
    func move(_ values: [Float]) -> [Float] {
      var weights = parameters(values)
      var adam = Adam(isRelative: true)
      adam.step(&weights, gradients: [[1, 1, 1]], rate: 0.1, threads: 1)
      return zip(values, weights.values[0]).map { $0 - $1 }
    }
    func isNear(_ steps: [Float], _ wanted: Float) -> Bool { steps.allSatisfy { abs($0 - wanted) < 1e-6 } }
    // The root mean square of (0.03, −0.04, 0.05) is 0.040825.
    #expect(isNear(move([0.03, -0.04, 0.05]), 0.0040825))
    #expect(isNear(move([0, 0, 0]), 0.002))
    #expect(isNear(move([3, -4, 5]), 0.015))
  }

  @Test(
    "Each optimiser finds the minimum of a quadratic",
    arguments: [OptimizerChoice.adam, .adamW(decay: 0), .momentum(0.9, decay: 0)])
  func quadratic(_ choice: OptimizerChoice) {
    var weights = parameters([3, -2])
    var optimizer = choice.make()
    for step in 0..<400 {
      let w = weights.values[0]
      let rate = 0.05 * Schedule.cosine().factor(at: step, of: 400)
      optimizer.step(&weights, gradients: [[w[0] - 1, 4 * (w[1] - 0.5)]], rate: rate, threads: 1)
    }
    #expect(abs(weights.values[0][0] - 1) < 0.01 && abs(weights.values[0][1] - 0.5) < 0.01)
  }

  @Test("AdamW shrinks weights that have no gradient; results do not depend on threads")
  func decayAndThreads() {
    var weights = parameters([2])
    var optimizer = AdamW(decay: 0.5)
    optimizer.step(&weights, gradients: [[0]], rate: 0.1, threads: 1)
    #expect(abs(weights.values[0][0] - 1.9) < 1e-6)
    let many = (0..<100_000).map { Float($0 % 97) / 97 }
    let results = [1, 2].map { threads in
      var weights = parameters(many)
      var adam = Adam()
      for _ in 0..<2 { adam.step(&weights, gradients: [many], rate: 0.01, threads: Threads(threads)) }
      return weights.values[0]
    }
    #expect(results[0] == results[1])
  }

  @Test("Schedules begin, fall and end where they say")
  func schedules() {
    let cosine = Schedule.cosine(warmUp: 0.1, floor: 0.2)
    #expect(abs(cosine.factor(at: 0, of: 100) - 0.1) < 1e-12)
    #expect(abs(cosine.factor(at: 10, of: 100) - 1) < 1e-12)
    #expect(abs(cosine.factor(at: 55, of: 100) - 0.6) < 1e-12)
    #expect(abs(cosine.factor(at: 100, of: 100) - 0.2) < 1e-12)
    let steps = Schedule.step(milestones: [0.5, 0.75], factor: 0.1)
    #expect([0, 50, 80].map { steps.factor(at: $0, of: 100) } == [1, 0.1, 0.1 * 0.1])
    #expect(Schedule.constant.factor(at: 7, of: 9) == 1)
  }

  @Test("Gradients longer than the bound are shortened to it, and NaN shows in their length")
  func clipping() {
    var gradients: [[Float]] = [[3, 0, 0, 0, 0, 0, 0, 0, 0], [4]]
    let norm = GradientClipping.norm(gradients)
    #expect(norm == 5)
    GradientClipping.clip(&gradients, norm: norm, limit: 1)
    #expect(abs(GradientClipping.norm(gradients) - 1) < 1e-6)
    #expect(GradientClipping.norm([[.nan]]).isNaN)
  }
}
