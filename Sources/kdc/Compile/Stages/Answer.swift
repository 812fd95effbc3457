import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTraining

extension Stage {
  /// Runs teacher and student over the training samples once: everything that changes the model is guided by their answers.
  static let answer = Stage("answers") { compilation, progress in
    guard compilation.needsGuidance, let originals = compilation.training,
      let samples = compilation.trainingViews
    else { return nil }
    let heads = compilation.student.heads(
      labels: compilation.request.compression.labelWeight > 0 ? originals.labels : [:])
    if let stored = compilation.storedAnswers(heads) {
      compilation.guidance = stored
      return "\(samples.count) samples, from the work folder"
    }
    let threads = compilation.request.threads
    var teacher = try compilation.teacher?.outputs(of: samples, threads: threads, progress: progress, label: "teacher")
    if let given = compilation.teacherOutputsOfTraining {
      let rows = (0..<samples.count).map { given.sample($0) }
      teacher = Dictionary(
        uniqueKeysWithValues: heads.map { head in
          let answers = rows.map { $0[head.name]?.floats ?? [] }
          let translation = ScoreTranslation(to: head, from: [ScoreTranslation.kind(of: answers, for: head)])
          return (head.name, answers.map { translation([$0]) })
        })
    }
    let student = try GraphRunner(compilation.student).outputs(
      of: samples, threads: threads, progress: progress, label: "student")
    try compilation.storeAnswers(teacher: teacher, student: student)
    compilation.guidance = try DistillationTargets(heads: heads, teacher: teacher, student: student)
    return "\(samples.count) samples"
  }
}

extension Compilation {
  /// The training samples with their further views, where some were asked for.
  var trainingViews: (any SampleSource)? {
    guard let training, var augmentation = request.compression.augmentation else { return training }
    augmentation.views = 4
    augmentation.seed = request.seed
    // Held-out samples are mixed into no view that is trained on.
    return AugmentedSamples(training, augmentation, partners: fittedIndices)
  }

  var needsGuidance: Bool { request.compression.changesModel || !request.budget.isEmpty }

  fileprivate func storedAnswers(_ heads: [Head]) -> DistillationTargets? {
    guard let arrays = workFolder?.arrays("answers") else { return nil }
    func outputs(_ prefix: String) -> [String: [[Float]]] {
      var result: [String: [[Float]]] = [:]
      for (key, tensor) in arrays where key.hasPrefix(prefix) {
        let width = tensor.count / max(tensor.shape[0], 1)
        let values = tensor.asFloats
        result[String(key.dropFirst(prefix.count))] = (0..<tensor.shape[0]).map {
          Array(values[$0 * width..<($0 + 1) * width])
        }
      }
      return result
    }
    let teacher = outputs("teacher:")
    return try? DistillationTargets(
      heads: heads, teacher: teacher.isEmpty ? nil : teacher, student: outputs("student:"))
  }

  fileprivate func storeAnswers(teacher: [String: [[Float]]]?, student: [String: [[Float]]]) throws {
    guard let workFolder else { return }
    var arrays: [(key: String, tensor: Tensor)] = []
    for (prefix, outputs) in [("teacher:", teacher ?? [:]), ("student:", student)] {
      for name in outputs.keys.sorted() {
        let rows = outputs[name] ?? []
        arrays.append((prefix + name, Tensor([rows.count, rows.first?.count ?? 0], rows.flatMap { $0 })))
      }
    }
    try workFolder.save(arrays, as: "answers")
  }
}
