import Foundation
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCPasses
import KDCTensor
import KDCTraining

/// What `kdc train` and `kdc distill` do around the training itself: models and data in, model, history and curve out.
struct TrainingSession {
  let training: TrainingOptions
  let images: DataOptions
  let output: String
  let path: String
  let threads: Threads
  /// The student as its file has it, constants folded, in the order of its nodes.
  private(set) var student: Graph
  private(set) var samples: DataSet
  private var teachers: [TeacherModel] = []

  init(student path: String, data: String, output: String, training: TrainingOptions, images: DataOptions) throws {
    self.training = training
    self.images = images
    self.output = output
    self.path = path
    threads = Threads(training.threads ?? ProcessInfo.processInfo.activeProcessorCount)
    try Files.checkWritable(output)
    if let json = training.json, json != "-" { try Files.checkWritable(json) }
    student = try Self.model(path)
    let all = try Self.open(data, for: student, images: images, threads: threads)
    let count = min(all.count, training.trainSamples ?? .max)
    samples = count < all.count ? all.selecting(Array(0..<count)) : all
  }

  /// A model as it is trained: only what is constant is folded, so that weights keep their names and places.
  private static func model(_ path: String) throws -> Graph {
    var graph = try ModelFile.load(path, inputShapes: [:])
    try Passes.run(FoldConstants.self, on: &graph)
    return graph
  }

  private static func open(_ path: String, for graph: Graph, images: DataOptions, threads: Threads) throws -> DataSet {
    let data = try DataSet(
      contentsOf: path, inputs: graph.dataInputs, outputs: graph.outputs, images: images.images, threads: threads)
    let faults = DistillationTargets.labelFaults(graph.heads(labels: data.labels))
    guard faults.isEmpty else { throw DiagnosticList(faults.map { $0.located(at: Place(file: path)) }) }
    return data
  }

  mutating func openTeachers(_ paths: [String], request: TeacherRequest) throws {
    teachers = try paths.map { path in
      var graph = try ModelFile.load(path, inputShapes: [:])
      let model = try TeacherModel(graph, for: student, request: request, bytes: 0)
      try Passes.run(on: &graph)
      var canonical = model
      canonical.graph = graph
      return canonical
    }
  }

  /// Throws `missingLabels` where a head has none.
  func requireLabels(for what: String) throws {
    let missing = student.outputs.filter { samples.labels[$0] == nil }
    guard missing.isEmpty else {
      throw Diagnostic(
        .missingLabels,
        "\(what) needs labels, and there are none for " + missing.map { "'\($0)'" }.joined(separator: ", "),
        at: Place(file: samples.file),
        hint: missing == [student.outputs[0]] && student.outputs.count == 1
          ? "add an array 'label' to the samples" : "add arrays label:OUTPUT to the samples")
    }
  }

  /// Trains, and writes what was asked for.
  mutating func run(_ options: Distillation.Options) throws {
    let unknown = options.loss.headWeights.keys.sorted().filter { !student.outputs.contains($0) }
    if let name = unknown.first {
      throw Diagnostic(
        .unknownLabel, "--head-weight names '\(name)', which is no output of the model", at: Place(file: path),
        notes: ["the model's outputs: " + student.outputs.map { "'\($0)'" }.joined(separator: ", ")],
        hint: didYouMean(name, student.outputs).map { "did you mean '\($0)'?" })
    }
    let graph = training.reinitialize ? student.initialized(by: .he, seed: training.seed) : student
    let result = try train(graph, options: options)
    guard !result.isDiverged else { throw diverged(result, options) }
    let evaluation = try training.eval.map { try evaluate(result.students[0], data: $0) }
    try write(result.students[0])
    let history = TrainingHistory(
      model: output, samples: samples.count, teachers: teachers.map(\.graph.file), seed: training.seed,
      epochs: result.history, stopped: result.stopReason, evaluation: evaluation)
    try Files.write(Array(LossCurve(history).svg.utf8), to: curvePath)
    if let json = training.json { try Console.json(history, to: json) }
    try? FileManager.default.removeItem(atPath: checkpointPath)
    guard training.json != "-" else { return }
    for line in history.summary { Console.result(line) }
  }

  private var checkpointPath: String { training.checkpoint ?? output + ".checkpoint" }

  private var curvePath: String {
    (output.hasSuffix(".onnx") ? String(output.dropLast(5)) : output) + ".svg"
  }

  private func train(_ graph: Graph, options: Distillation.Options) throws -> Distillation.Result {
    let progress = Progress(training.quiet ? .quiet : .normal)
    let begin = Date()
    var shown = 0
    var firstStep: Int?
    let heads = graph.heads(labels: samples.labels)
    let result = try Distillation.run(
      [graph], samples: samples, heads: heads,
      teachers: teachers.map { TeacherNetwork($0.graph, outputs: $0.outputs, adapt: $0.adapt) }, options: options,
      threads: threads,
      checkpoint: Checkpoint(path: checkpointPath) { Date().timeIntervalSinceReferenceDate }
    ) { state in
      let first = firstStep ?? state.step - 1
      firstStep = first
      progress.update("step", done: state.step - first, of: state.totalSteps - first, since: begin)
      guard state.finishedEpochs > shown, let epoch = state.lastEpoch else { return }
      shown = state.finishedEpochs
      let elapsed = Date().timeIntervalSince(begin)
      let left = elapsed / Double(max(1, state.step - first)) * Double(state.totalSteps - state.step)
      progress.line(
        "epoch \(shown)/\(options.epochs)  \(TrainingHistory.text(epoch))" + String(format: "  %.0f s left", left))
    }
    if !training.quiet { Console.warn(result.warnings) }
    return result
  }

  private func diverged(_ result: Distillation.Result, _ options: Distillation.Options) -> Diagnostic {
    let epoch = result.history.count + 1
    let isKept = FileManager.default.fileExists(atPath: checkpointPath)
    return Diagnostic(
      .nonFiniteLoss, "the loss was no longer finite in epoch \(epoch)", at: Place(file: path),
      notes: isKept ? ["the state of the last good step stays in '\(checkpointPath)'"] : [],
      hint: "take a lower --learning-rate than \(options.learningRate)"
        + (isKept ? "; with --continue the run goes on from there" : "") + ", and look for extreme samples")
  }

  private func evaluate(_ weights: [String: Tensor], data path: String) throws -> [HeadMetrics] {
    let data = try Self.open(path, for: student, images: images, threads: threads)
    var trained = student
    for (name, tensor) in weights { trained.initializers[name] = tensor }
    let outputs = try GraphRunner(trained).outputs(of: data, threads: threads)
    let reference =
      try teachers.isEmpty
      ? nil
      : Teacher(models: teachers, inputs: student.dataInputs, outputs: student.outputInfos)
        .outputs(of: data, threads: threads)
    return student.heads(labels: data.labels).map { head in
      var metrics = HeadMetrics(head, outputs: outputs[head.name] ?? [], reference: reference?[head.name])
      metrics.teacherScore = head.labels.flatMap { labels in
        reference?[head.name].flatMap { head.score($0, labels: labels) }
      }
      return metrics
    }
  }

  private func write(_ weights: [String: Tensor]) throws {
    if let data = try ONNXWeights.replacing(weights, in: path) {
      try Files.write([UInt8](data), to: output)
      return
    }
    // A weight that was computed from others in the file has no place there.
    var trained = student
    for (name, tensor) in weights { trained.initializers[name] = tensor }
    try Files.write([UInt8](try ONNXExporter.export(trained)), to: output)
  }
}
