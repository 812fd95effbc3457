import Foundation
import KDCONNX
import KDCOps
import KDCTensor
import Testing

/// Measures, asserts nothing: `KDC_BENCH_MODEL=resnet50.onnx swift test -c release --filter EvaluatorBenchmark`.
@Suite struct EvaluatorBenchmark {
  private static let model = ProcessInfo.processInfo.environment["KDC_BENCH_MODEL"]

  @Test("Milliseconds of a model in the float evaluator", .enabled(if: model != nil, "KDC_BENCH_MODEL is not set"))
  func run() throws {
    guard let model = Self.model else { return }
    var graph = try ONNXImporter.load(path: model)
    try graph.inferTypes()
    let evaluator = try GraphEvaluator(graph)
    var inputs: [String: Tensor] = [:]
    for input in graph.inputs {
      inputs[input.name] = Tensor(input.type.shape, (0..<input.type.shape.count).map { Float($0 % 17) / 17 })
    }
    for threads in [1, 2] {
      var best = Double.infinity
      for _ in 0..<5 {
        let start = ContinuousClock.now
        _ = try evaluator.run(inputs: inputs, threads: Threads(threads))
        let time = (ContinuousClock.now - start).components
        best = min(best, Double(time.seconds) * 1e3 + Double(time.attoseconds) / 1e15)
      }
      print("\(model), \(threads) thread(s): best of 5 \(Int(best)) ms")
    }
  }
}
