import KDCBundle
import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCProgram
import KDCTensor
import KDCTraining

extension Compilation {
  /// The training samples that recovery does not train on: the same ones, for the same seed.
  var heldOutIndices: [Int] {
    guard let training, training.count > 1 else { return [] }
    return SampleOrder(
      originals: training.count, views: 1, heldOutShare: recoveryOptions.heldOutShare, seed: request.seed
    ).heldOut
  }

  /// The indices that decisions about the model may be fitted to.
  var fittedIndices: [Int] {
    guard let training, training.count > 1 else { return training.map { Array(0..<$0.count) } ?? [] }
    return SampleOrder(
      originals: training.count, views: 1, heldOutShare: recoveryOptions.heldOutShare, seed: request.seed
    ).training
  }

  /// How good a compiled model is on held-out training samples: mean KL (T = 1) from the teacher, else from the student,
  /// over the heads that have one; and the share of right answers of the first head with labels.
  func quality(of program: Program, progress: Progress) throws -> (divergence: Double?, accuracy: Double?) {
    guard let training, let guidance, !heldOutIndices.isEmpty else { return (nil, nil) }
    let indices = Array(heldOutIndices.prefix(1024))
    var copy = self
    copy.program = program
    copy.hostBundle = nil
    copy.bundles = []
    copy.golden = try Golden(of: program, seeds: [], ranges: [:])
    let (runner, limit, _) = try copy.deviceRunner(samples: indices.count)
    let chosen = Array(indices.prefix(limit))
    let outputs = try runner.outputs(
      of: training.selecting(chosen), threads: request.threads, progress: progress, label: "held-out samples")
    var divergences: [Double] = []
    for head in student.heads() where head.hasDistribution {
      let wanted = chosen.compactMap { guidance.teacher(head, $0) ?? guidance.student(head, $0) }
      guard let values = outputs[head.name], !wanted.isEmpty, wanted.count == values.count else { continue }
      divergences.append(
        head.divergence(
          head.logits(values), from: head.logits(wanted.map { $0.map { Float($0) } }), temperature: 1))
    }
    let labels = training.selecting(chosen).labels
    let accuracy = student.heads(labels: labels).lazy.compactMap { head -> Double? in
      guard head.hasDistribution, let labels = head.labels else { return nil }
      return head.score(outputs[head.name] ?? [], labels: labels)
    }.first
    return (divergences.isEmpty ? nil : divergences.reduce(0, +) / Double(divergences.count), accuracy)
  }
}
