import KDCGraph
import KDCTensor
import KDCTraining
import Testing

@Suite("Feature matching")
struct FeatureMatchingTests {
  /// Of its outputs nothing is asked.
  private struct Silent: Objective {
    func evaluate(
      _ tape: Tape, samples: [Int], factor: Double
    ) -> (loss: Double, gradients: [String: Tensor]) { (0, [:]) }
  }

  @Test("The loss is the error's share of each layer's squares, and its gradient that of central differences")
  func gradient() throws {
    let original = try TinyNetwork.residual(seed: 41)
    let damaged = TinyNetwork.damaged(original, "bw", seed: 42)
    let samples = TinyNetwork.images(4, seed: 43)
    let targets = try HiddenTargets(Recovery.Original(graph: original, kept: [:]), samples: samples)
    #expect(targets.layers == ["a", "b"])
    let objective = FeatureMatching(Silent(), targets, weight: 3)
    let network = try TrainingGraph(damaged, batch: 4)
    let parameters = Parameters(["bw"], of: damaged)
    func loss(_ values: [Float]) throws -> (Double, [String: Tensor], Tape) {
      var moved = parameters
      moved.values[0] = values
      let tape = try network.forward(try samples.batch([0, 1, 2, 3]), parameters: moved.tensors)
      let result = try objective.evaluate(tape, samples: [0, 1, 2, 3], factor: 0.25)
      return (result.loss, result.gradients, tape)
    }
    let (value, gradients, tape) = try loss(parameters.values[0])
    // "a" is unchanged; "b" counts one half of 3.
    let b = try #require(tape["b"]).asFloats
    let wanted = try TrainingGraph(original, batch: 4).forward(try samples.batch([0, 1, 2, 3]))
    let target = try #require(wanted["b"]).asFloats
    let share =
      zip(b, target).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
      / target.reduce(0) { $0 + Double($1 * $1) }
    #expect(value > 0 && abs(value - 1.5 * share) < 1e-5 * value)
    let found = try network.backward(tape, outputGradients: gradients, wanted: ["bw"])["bw"]
    let gradient = try #require(found).asFloats
    for index in stride(from: 0, to: gradient.count, by: 17) {
      var (up, down) = (parameters.values[0], parameters.values[0])
      up[index] += 1e-2
      down[index] -= 1e-2
      let expected = (try loss(up).0 - loss(down).0) / 2e-2
      #expect(abs(Double(gradient[index]) - expected) < 0.03 * max(abs(expected), 0.02), "weight \(index)")
    }
  }

  @Test("Only the channels that are left are compared; without weight or targets the objective is as it was")
  func channels() throws {
    let original = try TinyNetwork.residual(seed: 44)
    let samples = TinyNetwork.images(3, seed: 45)
    let whole = try TrainingGraph(original, batch: 3).forward(try samples.batch([0, 1, 2]))
    let some = try HiddenTargets(Recovery.Original(graph: original, kept: ["b": [1, 3]]), samples: samples)
    // A network that has all channels still does not fit the targets of "b".
    let result = try FeatureMatching(Silent(), some, weight: 1).evaluate(whole, samples: [0, 1, 2], factor: 1)
    // A batch's matrix products may round otherwise than a sample's, as OpenBLAS chooses its kernel by size and processor.
    #expect(result.gradients.keys.sorted() == ["a"] && abs(result.loss) < 1e-9)
    for objective in [FeatureMatching(Silent(), some, weight: 0), FeatureMatching(Silent(), nil, weight: 1)] {
      #expect(try objective.evaluate(whole, samples: [0, 1, 2], factor: 1).gradients.isEmpty)
    }
  }
}
