import KDCGraph
import KDCTensor
import KDCTraining

extension Pipeline {
  /// Runs teacher and student over the training samples once: everything that changes the model is guided by their
  /// answers. nil where nothing does.
  static func answer(
    _ request: CompileRequest, _ inputs: Inputs, _ log: inout StageLog
  ) throws -> DistillationTargets? {
    guard request.isGuided, let training = inputs.training else { return nil }
    let (student, samples) = (inputs.student, training.views)
    let heads = student.heads(labels: request.compression.labelWeight > 0 ? training.originals.labels : [:])
    if let stored = inputs.workFolder?.answers(heads) {
      log.did("\(samples.count) samples, from the work folder")
      return stored
    }
    var teacher = try inputs.teacher?.outputs(
      of: samples, threads: request.threads, progress: log.progress, label: "teacher")
    if let given = training.teacherOutputs {
      let rows = (0..<samples.count).map { given.sample($0) }
      teacher = Dictionary(
        uniqueKeysWithValues: heads.map { head in
          let answers = rows.map { $0[head.name]?.floats ?? [] }
          let translation = ScoreTranslation(to: head, from: [ScoreTranslation.kind(of: answers, for: head)])
          return (head.name, answers.map { translation([$0]) })
        })
    }
    let own = try GraphRunner(student).outputs(
      of: samples, threads: request.threads, progress: log.progress, label: "student")
    try inputs.workFolder?.save(teacher: teacher, student: own)
    log.did("\(samples.count) samples")
    return try DistillationTargets(heads: heads, teacher: teacher, student: own)
  }
}

extension WorkFolder {
  fileprivate func answers(_ heads: [Head]) -> DistillationTargets? {
    guard let arrays = arrays("answers") else { return nil }
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

  fileprivate func save(teacher: [String: [[Float]]]?, student: [String: [[Float]]]) throws {
    var arrays: [(key: String, tensor: Tensor)] = []
    for (prefix, outputs) in [("teacher:", teacher ?? [:]), ("student:", student)] {
      for name in outputs.keys.sorted() {
        let rows = outputs[name] ?? []
        arrays.append((prefix + name, Tensor([rows.count, rows.first?.count ?? 0], rows.flatMap { $0 })))
      }
    }
    try save(arrays, as: "answers")
  }
}
