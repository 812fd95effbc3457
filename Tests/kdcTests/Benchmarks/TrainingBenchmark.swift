import Foundation
import KDCGraph
import KDCONNX
import KDCPasses
import KDCTensor
import KDCTestSupport
import KDCTraining
import Testing

/// Times forward and backward runs of models on random samples: the mean loss's gradients for all weights, as training
/// computes them. Not a test; `Benchmarks/training` runs it with KDC_TRAINING_MODELS, paths with commas between them.
@Suite("Training benchmark") struct TrainingBenchmark {
  private static let environment = ProcessInfo.processInfo.environment
  static let models = environment["KDC_TRAINING_MODELS"]

  private static func number(_ name: String, _ standard: Int) -> Int {
    environment[name].flatMap { Int($0) } ?? standard
  }

  @Test("Forward and backward runs are timed", .enabled(if: models != nil, "set KDC_TRAINING_MODELS"))
  func time() throws {
    let batch = Self.number("KDC_TRAINING_BATCH", 64)
    let runs = Self.number("KDC_TRAINING_RUNS", 10)
    let threads = Threads(Self.number("KDC_TRAINING_THREADS", 2))
    // Whole steps on the graph as it is, as `kdc train` takes them: batch normalisation in its training form, momentum.
    let isStep = Self.environment["KDC_TRAINING_STEP"] == "1"
    for path in (Self.models ?? "").split(separator: ",") {
      var graph = try ONNXImporter.load(path: String(path))
      if isStep { try Passes.run(FoldConstants.self, on: &graph) } else { try Passes.run(on: &graph) }
      var random = SeededGenerator(seed: 301)
      let samples = RandomSamples(
        values: (0..<batch).map { _ in
          Dictionary(
            uniqueKeysWithValues: graph.inputs.map { input in
              let values = (0..<input.type.shape.count).map { _ in Float.random(in: -1..<1, using: &random) }
              return (input.name, Tensor(input.type.shape, values))
            })
        })
      var trainer =
        try isStep
        ? Trainer(
          graph, samples: samples, optimizer: Momentum(), form: .training, chunkSize: 32, batch: batch, threads: threads
        )
        : Trainer(graph, samples: samples, optimizer: Adam(), threads: threads)
      var seconds: [Double] = []
      for _ in 0..<runs {
        let clock = ContinuousClock()
        let time = try clock.measure {
          let objective = SumOfOutputs(outputs: graph.outputs)
          guard !isStep else {
            try #require(try trainer.step(Array(0..<batch), objective: objective, rate: 1e-6) != nil)
            return
          }
          let result = try trainer.gradients(of: Array(0..<batch), objective: objective)
          try #require(result.loss.isFinite)
        }
        seconds.append(Double(time.components.attoseconds) * 1e-18 + Double(time.components.seconds))
      }
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }?.split(separator: " ")[1] ?? "0"
      print("memory", path, peak)
      print("kdc", path, seconds.map { String(format: "%.5f", $0) }.joined(separator: " "))
    }
  }
}

private struct RandomSamples: SampleSource {
  let values: [[String: Tensor]]
  var count: Int { values.count }
  func sample(_ index: Int) throws -> [String: Tensor] { values[index] }
}

/// L = Σ y.
private struct SumOfOutputs: Objective {
  let outputs: [String]

  func evaluate(
    _ tape: Tape, samples: [Int], factor: Double
  ) throws -> (loss: Double, gradients: [String: Tensor]) {
    var loss = 0.0
    var gradients: [String: Tensor] = [:]
    for name in outputs {
      guard let y = tape[name], let values = y.floats else { continue }
      loss += factor * values.reduce(0) { $0 + Double($1) }
      gradients[name] = Tensor(y.shape, [Float](repeating: Float(factor), count: values.count))
    }
    return (loss, gradients)
  }
}
