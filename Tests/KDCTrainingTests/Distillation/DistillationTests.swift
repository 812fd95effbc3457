import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTestSupport
import KDCTraining
import Testing

@Suite("Distillation")
struct DistillationTests {
  private struct Stop: Error {}

  private var options: Distillation.Options {
    var options = Distillation.Options()
    options.epochs = 6
    options.batchSize = 32
    options.chunkSize = 8
    options.learningRate = 1e-2
    options.loss.hardWeight = 1
    return options
  }

  private func run(
    _ options: Distillation.Options, graph: Graph? = nil, count: Int = 300, teachers: [TeacherNetwork] = [],
    labels: Tensor? = nil, threads: Threads = 1, checkpoint: Checkpoint? = nil,
    progress: (Distillation.Progress) throws -> Void = { _ in }
  ) throws -> Distillation.Result {
    let task = NormalizedNetwork.task(count, seed: 4)
    return try Distillation.run(
      [try graph ?? NormalizedNetwork.graph()], samples: task.samples,
      heads: [NormalizedNetwork.head(labels ?? task.labels)], teachers: teachers, options: options, threads: threads,
      checkpoint: checkpoint, progress: progress)
  }

  private func bytes(_ weights: [String: Tensor]) -> [[UInt8]] {
    weights.keys.sorted().map { weights[$0]?.littleEndianBytes ?? [] }
  }

  @Test("A network with batch normalisation learns from labels, with the same bytes for 1 and 2 threads")
  func learns() throws {
    let results = try [1, 2].map { try run(options, threads: Threads($0)) }
    let history = results[0].history
    #expect(history.count == 6 && history[5].losses[0] < 0.5 * history[0].losses[0])
    #expect(try #require(history[5].heads[0][0].score) > 0.9)
    #expect(bytes(results[0].students[0]) == bytes(results[1].students[0]))
    #expect(results[0].history == results[1].history)
    #expect(results[0].students[0].keys.sorted() == ["cw", "gb", "gw", "mean", "scale", "shift", "variance"])
  }

  @Test("Stored statistics become those of the whole training set, though chunks are normalised apart")
  func statistics() throws {
    var options = options
    options.epochs = 12
    options.learningRate = 1e-9
    let graph = try NormalizedNetwork.graph()
    let result = try run(options, graph: graph)
    let samples = NormalizedNetwork.task(300, seed: 4).samples
    let tape = try TrainingGraph(graph).outputsOfConvolution(samples)
    let means = try #require(result.students[0]["mean"]).asFloats
    let variances = try #require(result.students[0]["variance"]).asFloats
    for channel in 0..<4 {
      let values = tape.flatMap { $0[channel * 36..<(channel + 1) * 36] }.map(Double.init)
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      #expect(abs(Double(means[channel]) - mean) < 0.05 * variance.squareRoot())
      #expect(abs(Double(variances[channel]) / variance - 1) < 0.05)
    }
  }

  @Test("A student learns from a teacher's answers alone, and its gap to the teacher is told")
  func teacher() throws {
    var options = options
    let taught = try run(options)
    var graph = try NormalizedNetwork.graph()
    for (name, tensor) in taught.students[0] { graph.initializers[name] = tensor }
    let teacher = TeacherNetwork(graph, outputs: ["logits": "logits"]) { $0 }
    options.loss.hardWeight = 0
    options.augmentation.noise = 0.1
    options.augmentation.views = 3
    let student = try NormalizedNetwork.graph(channels: 2, seed: 9)
    let noLabels = Tensor([300], [Int64](repeating: -1, count: 300))
    let result = try run(options, graph: student, teachers: [teacher], labels: noLabels)
    let last = try #require(result.history.last?.heads[0][0])
    #expect(try #require(last.agreement) > 0.85 && last.score == nil)
    let labelled = try run(options, graph: student, teachers: [teacher, teacher])
    #expect(try #require(labelled.history.last?.heads[0][0].gap) < 0.1)
    #expect(bytes(labelled.students[0]) == bytes(result.students[0]), "two equal teachers answer as one")
    options.stopGap = 1
    #expect(try run(options, graph: student, teachers: [teacher]).history.count == 1)
  }

  @Test(
    "A student follows its teacher's layers, and keeps none of the helpers", arguments: LayerLoss.all.map(\.name))
  func layers(name: String) throws {
    let loss = try #require(LayerLoss.all.first { $0.name == name })
    let graph = try NormalizedNetwork.graph(channels: 6, seed: 3)
    let teacher = TeacherNetwork(graph, outputs: ["logits": "logits"], layers: graph) { $0 }
    var options = options
    options.loss.headWeights = ["logits": 0]
    options.transfers = [FeatureTransfer(loss, teacher: "relu", student: "relu", weight: 10)]
    let results = try [1, 2].map {
      try run(options, graph: NormalizedNetwork.graph(channels: 3, seed: 8), teachers: [teacher], threads: Threads($0))
    }
    let losses = results[0].history.map { $0.losses[0] }
    #expect(losses[5] < losses[0], "\(losses)")
    #expect(results[0].students[0].keys.allSatisfy { !$0.contains("transfer") })
    #expect(bytes(results[0].students[0]) == bytes(results[1].students[0]))
  }

  @Test("Two students teach each other, with the same bytes for 1 and 2 threads")
  func mutual() throws {
    var options = options
    // At first both know nothing and hold each other back: they need longer than one alone.
    options.epochs = 24
    options.loss.hardWeight = 0.5
    options.loss.temperature = 1
    let task = NormalizedNetwork.task(300, seed: 4)
    let students = try [NormalizedNetwork.graph(seed: 1), NormalizedNetwork.graph(channels: 2, seed: 2)]
    let results = try [1, 2].map { threads in
      try Distillation.run(
        students, samples: task.samples, heads: [NormalizedNetwork.head(task.labels)], teachers: [], options: options,
        threads: Threads(threads))
    }
    let last = try #require(results[0].history.last)
    #expect(results[0].students.count == 2 && last.losses.count == 2)
    #expect(last.heads.allSatisfy { ($0[0].score ?? 0) > 0.95 }, "\(last.heads)")
    for student in 0..<2 { #expect(bytes(results[0].students[student]) == bytes(results[1].students[student])) }
  }

  @Test("Samples without labels are trained on by the teacher's answers, and never judge")
  func unlabelled() throws {
    let task = NormalizedNetwork.task(300, seed: 4)
    let teacher = TeacherNetwork(try NormalizedNetwork.graph(seed: 5), outputs: ["logits": "logits"]) { $0 }
    let labels = Tensor([100], Array((task.labels.int64s ?? []).prefix(100)))
    var options = options
    options.epochs = 1
    options.loss.hardWeight = 0.5
    let result = try Distillation.run(
      [NormalizedNetwork.graph()], samples: task.samples, unlabelled: 200, heads: [NormalizedNetwork.head(labels)],
      teachers: [teacher], options: options, threads: 1)
    #expect(result.history[0].heads[0][0].score != nil)
  }

  @Test("A run that is stopped and resumed gives the bytes of one that was not", arguments: [2, 11, 25])
  func resume(stopAfter steps: Int) throws {
    var options = options
    options.augmentation.shift = 1
    options.augmentation.mixup = 0.5
    options.augmentation.views = 4
    let whole = try run(options)
    try withFile { path in
      let time = Ticks()
      let checkpoint = Checkpoint(path: path, interval: 2) { time.next() }
      var calls = 0
      #expect(throws: Stop.self) {
        try run(options, checkpoint: checkpoint) { _ in
          calls += 1
          if calls > steps { throw Stop() }
        }
      }
      var first: Int?
      let resumed = try run(options, threads: 2, checkpoint: checkpoint) { first = first ?? $0.step }
      #expect(try #require(first) > 1, "the run began anew")
      #expect(bytes(resumed.students[0]) == bytes(whole.students[0]))
      #expect(resumed.history == whole.history && resumed.warnings.isEmpty)
      options.seed = 3
      #expect(try run(options, checkpoint: checkpoint).warnings.map(\.id) == [.unusableCheckpoint])
    }
  }

  @Test(
    "Losses between layers, students that teach each other and falling temperatures survive an interruption to the byte",
    arguments: LayerLoss.all.map(\.name) + ["peers"])
  func resumeOthers(kind: String) throws {
    var options = options
    options.epochs = 3
    options.loss.hardWeight = 0.5
    options.lastTemperature = 1
    let graph = try NormalizedNetwork.graph(channels: 6, seed: 3)
    let teacher = TeacherNetwork(graph, outputs: ["logits": "logits"], layers: graph) { $0 }
    if let loss = LayerLoss.all.first(where: { $0.name == kind }) {
      options.transfers = [FeatureTransfer(loss, teacher: "relu", student: "relu", weight: 2)]
    }
    let students = try (0..<(kind == "peers" ? 2 : 1)).map { try NormalizedNetwork.graph(seed: UInt64($0)) }
    let task = NormalizedNetwork.task(200, seed: 4)
    func run(
      _ threads: Threads, _ checkpoint: Checkpoint? = nil, progress: (Distillation.Progress) throws -> Void = { _ in }
    ) throws -> Distillation.Result {
      try Distillation.run(
        students, samples: task.samples, heads: [NormalizedNetwork.head(task.labels)], teachers: [teacher],
        options: options, threads: threads, checkpoint: checkpoint, progress: progress)
    }
    let whole = try run(1)
    #expect(whole.history.map(\.temperature).last == 1)
    try withFile { path in
      let time = Ticks()
      let checkpoint = Checkpoint(path: path, interval: 2) { time.next() }
      var calls = 0
      #expect(throws: Stop.self) {
        try run(1, checkpoint) { _ in
          calls += 1
          if calls > 8 { throw Stop() }
        }
      }
      let resumed = try run(2, checkpoint)
      #expect(resumed.students.map(bytes) == whole.students.map(bytes))
      #expect(resumed.history == whole.history && resumed.warnings.isEmpty)
    }
  }

  @Test("A run does not go on from one whose teacher saw the samples in another way")
  func adaptation() throws {
    var options = options
    options.epochs = 1
    options.loss.hardWeight = 0.5
    let graph = try NormalizedNetwork.graph(seed: 5)
    try withFile { path in
      let checkpoint = Checkpoint(path: path) { 0 }
      let warnings = try ["-", "-", "halved"].map { text in
        let teacher = TeacherNetwork(graph, outputs: ["logits": "logits"], adaptation: text) { $0 }
        return try run(options, teachers: [teacher], checkpoint: checkpoint).warnings.map(\.id)
      }
      #expect(warnings == [[], [], [.unusableCheckpoint]])
    }
  }

  @Test("A path that is some other file's is refused before it is written over")
  func foreignCheckpoint() throws {
    try withFile { path in
      let checkpoint = Checkpoint(path: path) { 0 }
      try checkpoint.check()
      try Files.write(Array("samples".utf8), to: path)
      let fault = #expect(throws: Diagnostic.self) { try checkpoint.check() }
      #expect(fault?.id == .unusableCheckpoint && fault?.severity == .error)
      try Files.write([], to: path)
      #expect(throws: Diagnostic.self) { try checkpoint.check() }
      var options = options
      options.epochs = 1
      _ = try run(options, checkpoint: checkpoint)
      try checkpoint.check()
    }
  }

  @Test("A teacher that answers NaN is named, rather than the learning rate")
  func brokenTeacher() throws {
    var graph = try NormalizedNetwork.graph(seed: 5)
    graph.initializers["gb"] = Tensor([3], [0, Float.nan, 0])
    var options = options
    options.loss.hardWeight = 0.5
    let teacher = TeacherNetwork(graph, outputs: ["logits": "logits"]) { $0 }
    let fault = #expect(throws: DiagnosticList.self) { try run(options, teachers: [teacher]) }
    #expect(fault?.all.map(\.id) == [.nonFiniteActivation])
  }

  @Test("A loss that is not finite ends the run at its last good step, from where it goes on with another rate")
  func diverges() throws {
    try withFile { path in
      let checkpoint = Checkpoint(path: path, interval: 1e9) { 0 }
      var good = options
      good.epochs = 2
      _ = try run(good, checkpoint: checkpoint)
      var wild = options
      wild.optimizer = .momentum(0.9, decay: 0)
      wild.learningRate = 1e30
      wild.clipping = nil
      wild.continuesAnyRun = true
      let broken = try run(wild, checkpoint: checkpoint)
      #expect(broken.warnings.map(\.id) == [.unusableCheckpoint], "momentum has another state than Adam")
      wild = options
      wild.learningRate = 1e38
      wild.clipping = nil
      wild.continuesAnyRun = true
      _ = try run(good, checkpoint: checkpoint)
      let result = try run(wild, checkpoint: checkpoint)
      #expect(result.isDiverged && result.history.count == 2)
      #expect(result.students[0].values.allSatisfy { $0.asFloats.allSatisfy(\.isFinite) })
      var calm = options
      calm.continuesAnyRun = true
      let resumed = try run(calm, checkpoint: checkpoint)
      #expect(resumed.history.count == 6 && resumed.warnings.isEmpty && !resumed.isDiverged)
    }
  }

  @Test("Labels out of range, nothing to train and normalisation of single samples are diagnostics")
  func faults() throws {
    func ids(_ body: () throws -> Void) -> [DiagnosticID] {
      do { try body() } catch let list as DiagnosticList { return list.all.map(\.id) } catch {}
      return []
    }
    #expect(
      ids { _ = try run(options, labels: Tensor([300], [Int64](repeating: 3, count: 300))) } == [.labelOutOfRange])
    var fixed = Graph(
      name: "relu", opset: 17, inputs: [ValueInfo(name: "image", type: TensorType(.float32, [1, 1, 6, 6]))],
      outputs: ["logits"],
      nodes: [Node(name: "r", opType: "Relu", opset: 17, inputs: ["image"], outputs: ["logits"])])
    try fixed.inferTypes()
    #expect(ids { _ = try run(options, graph: fixed) } == [.nothingToTrain])
    // A sum over the batch has one value for all samples: such a graph cannot be run for several.
    var mixed = try NormalizedNetwork.graph()
    mixed.nodes[0].inputs[0] = "mixed"
    mixed.nodes.insert(
      Node(
        name: "mixed", opType: "ReduceMean", opset: 17, inputs: ["image"], outputs: ["mixed"],
        attributes: ["axes": .ints([0]), "keepdims": .int(1)]), at: 0)
    try mixed.inferTypes()
    #expect(ids { _ = try run(options, graph: mixed) } == [.untrainableNormalization])
  }

  private func withFile(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.appendingPathComponent("student.checkpoint").path)
  }
}

extension TrainingGraph {
  /// What the convolution gives for every sample.
  fileprivate func outputsOfConvolution(_ samples: RandomImages) throws -> [[Float]] {
    try (0..<samples.count).map { try forward(samples.sample($0))["conv"]?.asFloats ?? [] }
  }
}
