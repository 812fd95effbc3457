import KDCDiagnostics
import KDCGraph
import KDCTensor

/// A student in training.
struct StudentNetwork: Sendable {
  var trainer: Trainer
  /// The student's own initializers, without those of helpers that training adds to its graph.
  private let own: Set<String>
  /// What feature transfers compare.
  let names: [FeatureHelpers.Names]

  init(_ graph: Graph, course: Distillation.Course, threads: Threads) throws {
    let options = course.options
    let helpers = FeatureHelpers(
      graph, transfers: options.transfers, teacherTypes: course.layerTypes, seed: options.seed)
    names = helpers.names
    trainer = try Trainer(
      helpers.graph, samples: course.samples, optimizer: options.optimizer.make(),
      parameters: graph.trainableParameters.union(helpers.parameters), form: .training,
      clipping: options.clipping, chunkSize: options.chunkSize, batch: course.batchSize, threads: threads)
    own = Set(graph.initializers.keys)
    guard trainer.parameters.count > 0 else {
      throw DiagnosticList([
        Diagnostic(
          .nothingToTrain, "the model has no weights that training could change", at: Place(file: graph.file),
          hint: "weights are float32 initializers of Conv, Gemm, MatMul, recurrent and normalisation layers")
      ])
    }
    if trainer.graph.chunkSize < min(4, course.batchSize), let statistics = trainer.statistics, !statistics.isEmpty {
      throw DiagnosticList([
        Diagnostic(
          .untrainableNormalization,
          "BatchNormalization needs several samples at once, and this model takes \(trainer.graph.chunkSize)",
          at: Place(file: graph.file),
          notes: ["the graph cannot be run for a batch, or its activations are too large for one"],
          hint: "export the model with a dynamic batch dimension")
      ])
    }
  }

  /// Trained weights and statistics by initializer.
  var trained: [String: Tensor] { trainer.tensors.filter { own.contains($0.key) } }

  mutating func restore(_ state: inout Distillation.State.Network) {
    trainer.parameters.values = state.parameters
    trainer.statistics?.stored.values = state.statistics
    trainer.optimizer.stepCount = state.optimizerSteps
    trainer.optimizer.moments = state.moments
    state = Distillation.State.Network()
  }
}
