import KDCDiagnostics
import KDCGraph
import KDCTensor

extension Distillation {
  /// What students are taught, in which order, and how they are judged: a function of samples, teachers and options.
  final class Course: Sendable {
    let options: Options
    let samples: AugmentedSamples
    let heads: [Head]
    let teachers: Teachers
    /// Samples of a step.
    let batchSize: Int
    let stepsPerEpoch: Int
    private let originals: Int
    private let order: SampleOrder
    private let labels: [String: Rows]
    private let variances: [String: Double]
    private let heldOutHeads: [Head]
    private let heldOutTeacher: [String: Rows]
    private let teacherGraphs: [TeacherNetwork]
    private let layers: (graph: ChunkedGraph, samples: AdaptedSamples)?
    private let plain: any SampleSource
    private let threads: Threads
    /// By view. Only the thread that runs the epochs asks for targets.
    nonisolated(unsafe) private var cache: [Int: TeacherAnswers] = [:]

    init(
      samples: any SampleSource, unlabelled: Int, heads: [Head], teachers: [TeacherNetwork], options: Options,
      threads: Threads
    ) throws {
      let faults = DistillationTargets.labelFaults(heads)
      guard faults.isEmpty else { throw DiagnosticList(faults) }
      guard samples.count > 1 else {
        throw DiagnosticList([
          Diagnostic(.noSamples, "one sample is too few to train on", hint: "give more samples")
        ])
      }
      originals = samples.count
      let share = min(options.heldOutShare, Double(options.mostHeldOut) / Double(samples.count))
      order = SampleOrder(
        originals: samples.count, views: 1, heldOutShare: share, seed: options.seed, unjudged: unlabelled)
      batchSize = Self.batch(min(options.batchSize, order.training.count))
      stepsPerEpoch = order.batches(0, size: batchSize).count
      self.samples = AugmentedSamples(samples, options.augmentation, partners: order.training)
      self.teachers = try Teachers(teachers, heads: heads, samples: self.samples, chunkSize: options.chunkSize)
      self.heads = heads
      self.options = options
      self.threads = threads
      plain = samples
      teacherGraphs = teachers
      if let first = teachers.first, let graph = first.layers, !options.transfers.isEmpty {
        let adapted = AdaptedSamples(samples: self.samples, adapt: first.adapt)
        layers = (
          try ChunkedGraph(graph, chunkSize: options.chunkSize, dividing: batchSize, checkedOn: adapted), adapted
        )
      } else {
        layers = nil
      }
      var labels: [String: Rows] = [:]
      for head in heads {
        guard let tensor = head.labels, let n = tensor.shape.dims.first, n > 0 else { continue }
        labels[head.name] = Rows(values: tensor.asFloats, width: tensor.count / n)
      }
      self.labels = labels
      let heldOut = order.heldOut
      heldOutHeads = heads.map { $0.selecting(heldOut) }
      let answers = teachers.isEmpty ? [:] : try self.teachers.answers(to: heldOut, threads: threads)
      heldOutTeacher = answers
      variances = Dictionary(
        uniqueKeysWithValues: heads.map { ($0.name, (labels[$0.name] ?? answers[$0.name])?.variance ?? 1) })
    }

    /// Batches over 8 samples are cut to a multiple of 8, so that equal chunks of a good size divide them.
    private static func batch(_ wanted: Int) -> Int { wanted <= 32 ? wanted : wanted / 8 * 8 }

    /// The training samples of an epoch in batches, all in the epoch's view.
    func batches(_ epoch: Int) -> [[Int]] {
      let first = view(epoch) * originals
      return order.batches(epoch, size: batchSize).map { $0.map { $0 + first } }
    }

    private func view(_ epoch: Int) -> Int { epoch % max(1, options.augmentation.views) }

    /// The targets of an epoch's view; the teachers are asked once for each view.
    func targets(epoch: Int) throws -> ViewTargets {
      let view = view(epoch)
      var answers = cache[view]
      if answers == nil && !teachers.isEmpty && options.loss.hardWeight < 1 {
        let indices = order.training.map { $0 + view * originals }
        answers = TeacherAnswers(
          rows: try teachers.answers(to: indices, threads: threads),
          places: Dictionary(uniqueKeysWithValues: indices.enumerated().map { ($1, $0) }))
        if options.augmentation.views < options.epochs { cache[view] = answers }
      }
      return ViewTargets(
        heads: heads, answers: answers, labels: labels, variances: variances, samples: samples, originals: originals,
        movesPlaces: options.augmentation.movesPlaces)
    }

    func objective(
      for index: Int, of students: [StudentNetwork], targets: ViewTargets, loss: DistillationLoss.Options
    ) throws -> any Objective {
      var parts: [any Objective] = [DistillationLoss(targets, options: loss)]
      if let layers {
        parts.append(
          FeatureObjective(
            transfers: options.transfers, names: students[index].names, teacher: layers.graph, samples: layers.samples))
      }
      if students.count > 1 {
        let peers = students.indices.filter { $0 != index }.map { other in
          MutualObjective.Peer(graph: students[other].trainer.graph, weights: students[other].trainer.tensors)
        }
        parts.append(
          MutualObjective(peers: peers, heads: heads, variances: targets, samples: samples, loss: loss))
      }
      return parts.count == 1 ? parts[0] : CombinedObjective(parts)
    }

    /// Types of the teacher's layers.
    var layerTypes: [String: TensorType] { layers?.graph.graph.types ?? [:] }

    /// How good a student is on the held-out samples.
    func quality(of student: StudentNetwork) throws -> [Quality] {
      let outputs = try student.trainer.outputs(of: order.heldOut, from: plain)
      return heldOutHeads.map { head in
        let own = Self.rows(outputs[head.name], count: order.heldOut.count)
        let reference = heldOutTeacher[head.name].map { rows in
          (0..<rows.count).map { Array(rows.values[$0 * rows.width..<($0 + 1) * rows.width]) }
        }
        let metrics = HeadMetrics(head, outputs: own, reference: reference)
        let teacher = reference.flatMap { rows in head.labels.flatMap { head.score(rows, labels: $0) } }
        return Quality(
          output: head.name, metric: metrics.metric, score: metrics.score, teacher: teacher,
          agreement: metrics.agreement)
      }
    }

    private static func rows(_ tensor: Tensor?, count: Int) -> [[Float]] {
      guard let values = tensor?.asFloats, count > 0 else { return [] }
      let width = values.count / count
      return (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) }
    }

    /// What the result depends on: a checkpoint of another run is not gone on from.
    func key(_ students: [Graph]) -> RunKey {
      var hash = StableHash()
      for student in students { hash.add(student) }
      for teacher in teacherGraphs {
        hash.add(teacher.graph)
        hash.add(teacher.adaptation)
        for output in teacher.outputs.keys.sorted() { hash.add("\(output) \(teacher.outputs[output] ?? "")") }
      }
      hash.add(options.summary)
      hash.add("\(originals) \(order.heldOut.count) \(order.training.count)")
      for head in heads {
        hash.add(head.name)
        hash.add(labels[head.name]?.values ?? [])
      }
      // Some samples stand for all: to read every image only for this would take as long as an epoch.
      for index in stride(from: 0, to: originals, by: max(1, originals / 64)) {
        guard let sample = try? plain.sample(index) else { continue }
        for name in sample.keys.sorted() { hash.add(sample[name]?.littleEndianBytes ?? []) }
      }
      return RunKey(hash)
    }
  }
}

extension Head {
  /// The head with the labels of these samples alone.
  func selecting(_ samples: [Int]) -> Head {
    guard let labels, let n = labels.shape.dims.first, n > 0 else { return self }
    let width = labels.count / n
    let values = labels.asFloats
    let chosen = samples.filter { $0 < n }.flatMap { values[$0 * width..<($0 + 1) * width] }
    let dims = [samples.filter { $0 < n }.count] + labels.shape.dims.dropFirst()
    return Head(self, labels: Tensor(Shape(dims), chosen))
  }
}
