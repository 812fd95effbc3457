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
  let path: String
  private(set) var outputs: TrainingOutputs
  /// What the whole command reads and writes.
  private let files: FileUse
  let threads: Threads
  /// The student as its file has it, constants folded, in the order of its nodes.
  private(set) var student: Graph
  private(set) var samples: DataSet
  private var teachers: [TeacherModel] = []
  /// The first teacher with all its layers, for losses between layers.
  private var layers: Graph?
  /// Further students that are trained at the same time, each with its file.
  private var peers: [(path: String, graph: Graph)] = []
  private var unlabelled: DataSet?
  private var evaluated: DataSet?
  /// What fresh weights are drawn from; nil: the file's are kept.
  var weightSeed: UInt64?
  /// The checkpoint stays when the run is done: it is one of several.
  var keepsCheckpoint = false

  init(
    student path: String, data: String, outputs: TrainingOutputs, files: FileUse, kinds: [String: OutputKind],
    training: TrainingOptions, images: DataOptions
  ) throws {
    self.training = training
    self.images = images
    self.outputs = outputs
    self.files = files
    self.path = path
    weightSeed = training.reinitialize ? training.seed : nil
    threads = try training.machine.threads
    student = try Self.model(path)
    try student.setOutputKinds(kinds)
    samples = try Samples.open(data, for: student, images: images.images, threads: threads).first(training.trainSamples)
    try checkpoint.check()
    // Now, and not when the training is done.
    evaluated = try training.eval.map { try Samples.open($0, for: student, images: images.images, threads: threads) }
  }

  /// A model as it is trained: only what is constant is folded, so that weights keep their names and places.
  private static func model(_ path: String) throws -> Graph {
    var graph = try ModelFile.load(path)
    try Passes.run(FoldConstants.self, on: &graph)
    return graph
  }

  mutating func openUnlabelled(_ path: String) throws {
    unlabelled = try Samples.open(path, for: student, images: images.images, threads: threads)
  }

  /// Throws `teacherMismatch` where a further student has other inputs or outputs.
  mutating func openPeers(_ paths: [String]) throws {
    peers = try paths.map { path in
      let graph = try Self.model(path)
      guard graph.dataInputs == student.dataInputs, graph.outputInfos == student.outputInfos else {
        throw Diagnostic(
          .teacherMismatch, "students that learn from each other must have the same inputs and outputs",
          at: Place(file: path),
          notes: [
            "this one: "
              + (graph.dataInputs + graph.outputInfos).map { "'\($0.name)' \($0.type)" }.joined(separator: ", "),
            "the student: "
              + (student.dataInputs + student.outputInfos).map { "'\($0.name)' \($0.type)" }.joined(separator: ", "),
          ])
      }
      return (path, graph)
    }
  }

  /// Layers as the graphs name them, from what the user wrote. Throws a `DiagnosticList` of `unknownLayer`, and of
  /// `teacherMismatch` where attention has no places to compare.
  mutating func resolve(_ transfers: [FeatureTransfer]) throws -> [FeatureTransfer] {
    guard !transfers.isEmpty, let first = teachers.first else { return [] }
    let graph = try Self.model(first.path)
    layers = graph
    var faults: [Diagnostic] = []
    let grown = [graph, student].map { $0.batched(2)?.types ?? [:] }
    func value(_ name: String, of loss: LayerLoss, in graph: Graph, _ grown: [String: TensorType]) -> String {
      let values = graph.nodes.flatMap(\.outputs).filter { !$0.isEmpty }
      let found = values.contains(name) ? name : graph.nodes.first { $0.name == name }?.outputs.first
      guard let found, let shape = graph.types[found]?.shape, shape.rank > 1, shape[0] == 1,
        grown[found].map({ $0.shape[0] == 2 }) ?? true
      else {
        faults.append(
          Diagnostic(
            .unknownLayer, "the model has no layer '\(name)' with a value for each sample", at: Place(file: graph.file),
            hint: didYouMean(name, values + graph.nodes.map(\.name)).map { "did you mean '\($0)'?" }
              ?? "`kdc inspect \(graph.file)` lists the layers"))
        return name
      }
      if loss.needsPlaces && (shape.rank != 4 || shape[2] * shape[3] < 2) {
        faults.append(
          Diagnostic(
            .teacherMismatch, "--\(loss.name) compares places, and '\(name)' \(shape) has none",
            at: Place(file: graph.file),
            hint: "name a layer of maps [n, channels, height, width], or take --hint"))
      }
      return found
    }
    let result = transfers.map { transfer in
      FeatureTransfer(
        transfer.loss, teacher: value(transfer.teacher, of: transfer.loss, in: graph, grown[0]),
        student: value(transfer.student, of: transfer.loss, in: student, grown[1]), weight: transfer.weight)
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    return result
  }

  mutating func openTeachers(_ paths: [String], request: TeacherRequest) throws {
    teachers = try paths.map { path in
      var graph = try ModelFile.load(path)
      let model = try TeacherModel(graph, for: student, request: request, bytes: 0)
      try Passes.run(on: &graph)
      var canonical = model
      canonical.graph = graph
      canonical.path = path
      return canonical
    }
  }

  /// Throws `missingLabels` where a head has none.
  func requireLabels(for what: String) throws {
    let missing = student.heads(labels: samples.labels).filter { !$0.hasLabels }.map(\.name)
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
        .unknownLabel, "--head-weight names '\(name)', which is not an output of the model", at: Place(file: path),
        notes: ["the model's outputs: " + student.outputs.map { "'\($0)'" }.joined(separator: ", ")],
        hint: didYouMean(name, student.outputs).map { "did you mean '\($0)'?" })
    }
    let students = ([student] + peers.map(\.graph)).enumerated().map { index, graph in
      weightSeed.map { graph.initialized(by: .he, seed: $0 &+ UInt64(index)) } ?? graph
    }
    let result = try train(students, options: options)
    guard !result.isDiverged else { throw diverged(result, options) }
    let evaluation = try evaluated.map { try evaluate(result.students[0], on: $0) }
    try files.check()
    try write(result.students[0], of: student, from: path, to: outputs.model)
    for (index, peer) in peers.enumerated() {
      try write(result.students[index + 1], of: peer.graph, from: peer.path, to: outputs.peer(index))
    }
    let history = TrainingHistory(
      model: outputs.model, samples: samples.count, teachers: teachers.map(\.graph.file), seed: training.seed,
      epochs: result.history, stopped: result.stopReason, evaluation: evaluation)
    try Files.write(Array(LossCurve(history).svg.utf8), to: outputs.curve)
    if let json = outputs.json { try Console.json(history, to: json) }
    if !keepsCheckpoint { removeCheckpoint() }
    guard training.json != "-" else { return }
    for line in history.summary { Console.result(line) }
  }

  func removeCheckpoint() { try? FileManager.default.removeItem(atPath: checkpoint.path) }

  private var checkpoint: Checkpoint {
    Checkpoint(path: outputs.checkpoint) { Date().timeIntervalSinceReferenceDate }
  }

  private func train(_ students: [Graph], options: Distillation.Options) throws -> Distillation.Result {
    let progress = Progress(training.quiet ? .quiet : .normal)
    let begin = Date()
    var shown = 0
    var firstStep: Int?
    let all: any SampleSource = unlabelled.map { JoinedSamples([samples, $0]) } ?? samples
    let result = try Distillation.run(
      students, samples: all, unlabelled: unlabelled?.count ?? 0, heads: student.heads(labels: samples.labels),
      teachers: teachers.enumerated().map { index, teacher in
        TeacherNetwork(
          teacher.graph, outputs: teacher.outputs, layers: index == 0 ? layers : nil, adaptation: teacher.adaptation,
          adapt: teacher.adapt)
      }, options: options, threads: threads,
      checkpoint: checkpoint,
      finished: { epoch, weights in
        guard training.snapshots.contains(epoch) else { return }
        try write(weights[0], of: student, from: path, to: outputs.snapshot(epoch))
      }
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
    let isKept = FileManager.default.fileExists(atPath: checkpoint.path)
    return Diagnostic(
      .nonFiniteLoss, "the loss was no longer finite in epoch \(epoch)", at: Place(file: path),
      notes: isKept ? ["the state of the last good step stays in '\(checkpoint.path)'"] : [],
      hint: "use a lower --learning-rate than \(options.learningRate)"
        + (isKept ? "; with --continue the run resumes from there" : "") + ", and look for extreme samples")
  }

  private func evaluate(_ weights: [String: Tensor], on data: DataSet) throws -> [HeadMetrics] {
    var trained = student
    for (name, tensor) in weights { trained.initializers[name] = tensor }
    let outputs = try GraphRunner(trained).outputs(of: data, threads: threads)
    let reference =
      try teachers.isEmpty
      ? nil
      : Teacher(models: teachers, for: student).outputs(of: data, threads: threads)
    return student.heads(labels: data.labels).map { head in
      var metrics = HeadMetrics(head, outputs: outputs[head.name] ?? [], reference: reference?[head.name])
      metrics.teacherScore = head.labels.flatMap { labels in
        reference?[head.name].flatMap { head.score($0, labels: labels) }
      }
      return metrics
    }
  }

  private func write(_ weights: [String: Tensor], of graph: Graph, from path: String, to output: String) throws {
    if let data = try ONNXWeights.replacing(weights, in: path) {
      try Files.write([UInt8](data), to: output)
      return
    }
    // A weight that was computed from others in the file has no place there.
    var trained = graph
    for (name, tensor) in weights { trained.initializers[name] = tensor }
    try Files.write([UInt8](try ONNXExporter.export(trained)), to: output)
  }
}
