import KDCCodegen
import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTraining

/// The operations of a compilation. Stages and the search for a budget call the same ones.
struct Compiler: Sendable {
  let request: CompileRequest
  let inputs: Inputs
  /// Answers of teacher and student on the training samples; nil where nothing learns from them.
  let guidance: DistillationTargets?
  let progress: Progress

  /// The program that `graph` becomes.
  func program(of graph: Graph) throws -> Program {
    try KDCCodegen.lower(try quantize(graph)?.graph ?? graph)
  }

  /// Costs of a float graph once it is quantised.
  func estimator(countsSize: Bool, weightBits: Int = 8) -> @Sendable (Graph) throws -> ModelEstimate {
    let (targets, threads, memory) = (request.targets, request.threads, request.budget.arenaBytes)
    let data = inputs.calibration
    return { graph in
      guard let sample = try data?.sample(0) else { throw InternalError("an estimate needs a sample") }
      return try ModelEstimate(
        graph, sample: sample, targets: targets, countsSize: countsSize, weightBits: weightBits,
        mostMemory: memory, threads: threads)
    }
  }

  /// Share of the student's multiply-accumulates that are gone.
  func removed(from graph: Graph) -> Double { 1 - Double(graph.macs) / Double(max(inputs.student.macs, 1)) }

  /// Measures a float graph on the evaluation samples for the report: nothing is decided by it. nil without samples.
  func measure(
    _ name: String, _ graph: Graph, accepted: Bool = true, against baseline: Baseline, _ log: inout StageLog
  ) throws -> [String: [[Float]]]? {
    guard let data = inputs.evaluation else { return nil }
    let outputs = try GraphRunner(graph).outputs(of: data, threads: request.threads, progress: progress, label: name)
    log.report.stages.append(
      baseline.stage(
        name, outputs, samples: data.count, macs: graph.macs, bytes: graph.weightBytes, accepted: accepted,
        milliseconds: try inputs.milliseconds(of: graph, request)))
    return outputs
  }
}

extension Inputs {
  /// Estimated as int8 on every target; nil for a model that stays float.
  func milliseconds(of graph: Graph, _ request: CompileRequest) throws -> [String: Double]? {
    guard request.activations == .int8, let sample = try calibration?.sample(0) else { return nil }
    return try ModelEstimate(
      graph, sample: sample, targets: request.targets, countsSize: false, threads: request.threads
    ).milliseconds
  }
}

extension Graph {
  /// Bytes of all initializers.
  var weightBytes: Int { initializers.values.reduce(0) { $0 + $1.byteCount } }
}
