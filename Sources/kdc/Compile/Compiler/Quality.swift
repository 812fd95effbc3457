import KDCGraph
import KDCProgram
import KDCTraining

extension Compiler {
  /// How good a compiled model is on held-out training samples: mean KL (T = 1) from the teacher, else from the student,
  /// over the heads that have one; and the share of right answers of the first head with labels.
  func quality(of program: Program) throws -> (divergence: Double?, accuracy: Double?) {
    guard let training = inputs.training, let guidance, !training.heldOut.isEmpty else { return (nil, nil) }
    let indices = training.heldOut.prefix(1024)
    let device = try device(for: program, samples: indices.count)
    let chosen = Array(indices.prefix(device.limit))
    let samples = training.originals.selecting(chosen)
    let outputs = try device.runner.outputs(
      of: samples, threads: request.threads, progress: progress, label: "held-out samples")
    var divergences: [Double] = []
    for head in inputs.student.heads() where head.hasDistribution {
      let wanted = chosen.compactMap { guidance.teacher(head, $0) ?? guidance.student(head, $0) }
      guard let values = outputs[head.name], !wanted.isEmpty, wanted.count == values.count else { continue }
      divergences.append(
        head.divergence(
          head.logits(values), from: head.logits(wanted.map { $0.map { Float($0) } }), temperature: 1))
    }
    let accuracy = inputs.student.heads(labels: samples.labels).lazy.compactMap { head -> Double? in
      guard head.hasDistribution, let labels = head.labels else { return nil }
      return head.score(outputs[head.name] ?? [], labels: labels)
    }.first
    return (divergences.isEmpty ? nil : divergences.reduce(0, +) / Double(divergences.count), accuracy)
  }
}
