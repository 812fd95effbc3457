import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Trains the parameters of a graph by steps on batches: forward, loss, backward, sum over chunks, optimiser.
///
/// Chunks of a batch are spread over threads; their gradients are added in order, so that every number of threads gives the
/// same bytes. What to train on, how long and when to stop is the caller's: see `Recovery`.
package struct Trainer: Sendable {
  package var parameters: Parameters
  /// Means and variances of BatchNormalization; empty where the graph has none or is trained in the form of inference.
  package var statistics: RunningStatistics?
  package var optimizer: any Optimizer
  package let graph: ChunkedGraph
  private let samples: any SampleSource
  private let clipping: Double?
  private let threads: Threads

  /// - Parameters:
  ///   - graph: on whose canonical form is trained; its trainable parameters are.
  ///   - parameters: names of the initializers to train; nil: the graph's trainable ones.
  ///   - form: `training` keeps BatchNormalization, and needs batches that are multiples of `batch`.
  ///   - batch: see `ChunkedGraph`.
  ///   - clipping: the longest gradient of a step; nil for no bound.
  /// - Throws: a `DiagnosticList` of `notDifferentiable`.
  package init(
    _ graph: Graph, samples: any SampleSource, optimizer: any Optimizer, parameters: Set<String>? = nil,
    form: TrainingGraph.Form = .inference, clipping: Double? = nil,
    chunkSize: Int = 16, batch: Int? = nil, threads: Threads
  ) throws {
    let wanted = parameters ?? graph.trainableParameters
    try TrainingGraph(graph, form: form).check(wanted: wanted)
    self.graph = try ChunkedGraph(graph, chunkSize: chunkSize, dividing: batch, form: form, checkedOn: samples)
    statistics = form == .training ? try RunningStatistics(of: graph) : nil
    self.parameters = Parameters(wanted, of: graph)
    self.samples = samples
    self.optimizer = optimizer
    self.clipping = clipping
    self.threads = threads
  }

  /// One step on the mean loss of a batch. Returns that loss from before the step; where it or a gradient is NaN or
  /// infinite nothing changes, and nil is returned.
  package mutating func step(_ batch: [Int], objective: any Objective, rate: Double) throws -> Double? {
    var (loss, gradients, sums) = try pass(batch, objective)
    let norm = GradientClipping.norm(gradients)
    guard loss.isFinite, norm.isFinite else { return nil }
    if let clipping { GradientClipping.clip(&gradients, norm: norm, limit: clipping) }
    optimizer.step(&parameters, gradients: gradients, rate: rate, threads: threads)
    statistics?.update(sums)
    return loss
  }

  /// The mean loss over samples, and its gradients in the order of the parameters.
  package func gradients(
    of batch: [Int], objective: any Objective
  ) throws -> (loss: Double, gradients: [[Float]]) {
    let found = try pass(batch, objective)
    return (found.loss, found.gradients)
  }

  private func pass(
    _ batch: [Int], _ objective: any Objective
  ) throws -> (loss: Double, gradients: [[Float]], statistics: RunningStatistics.Sums) {
    let weights = parameters.tensors
    let wanted = Set(parameters.names)
    let factor = 1 / Double(max(batch.count, 1))
    let samples = samples
    var loss = 0.0
    var total: [String: Tensor] = [:]
    var sums = RunningStatistics.Sums()
    let watches = statistics.map { !$0.isEmpty } ?? false
    try graph.forEach(batch.count, threads: threads) { graph, range in
      let chunk = Array(batch[range])
      let tape = try graph.forward(try samples.batch(chunk), parameters: weights)
      let result = try objective.evaluate(tape, samples: chunk, factor: factor)
      return (
        result.loss, try graph.backward(tape, outputGradients: result.gradients, wanted: wanted),
        watches ? graph.statistics(tape) : RunningStatistics.Sums()
      )
    } then: { (part, gradients, observed) in
      loss += part
      sums.add(observed)
      guard !total.isEmpty else {
        total = gradients
        return
      }
      for (name, gradient) in gradients { total[name]?.add(gradient) }
    }
    return (loss, parameters.names.map { total[$0]?.floats ?? [] }, sums)
  }

  /// The mean loss over samples, without gradients.
  package func loss(of indices: [Int], objective: any Objective) throws -> Double {
    let weights = tensors
    let factor = 1 / Double(max(indices.count, 1))
    let samples = samples
    return try graph.map(indices.count, threads: threads) { graph, range in
      let chunk = Array(indices[range])
      let tape = try graph.forward(try samples.batch(chunk), parameters: weights, keeping: false)
      return try objective.evaluate(tape, samples: chunk, factor: factor).loss
    }.reduce(0, +)
  }

  /// The outputs of samples by name, in the form of inference with the weights and statistics as they are.
  package func outputs(of indices: [Int], from samples: any SampleSource) throws -> [String: Tensor] {
    try graph.outputs(of: indices, from: samples, parameters: tensors, threads: threads)
  }

  /// Weights and statistics by name.
  package var tensors: [String: Tensor] {
    parameters.tensors.merging(statistics?.stored.tensors ?? [:]) { weight, _ in weight }
  }

}
