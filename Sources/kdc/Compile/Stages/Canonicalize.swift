import KDCPasses

extension Pipeline {
  /// Brings both models into the form that later stages know: folded, fused, typed.
  static func canonicalize(_ models: Inputs, _ log: inout StageLog) throws -> Inputs {
    var inputs = models
    var asRead = inputs.student
    for summary in try Passes.run(on: &inputs.student) where summary.changes > 0 {
      log.progress.detail("\(summary.pass): \(summary.changes) changes, \(summary.nodes) nodes")
    }
    // A quantised model's answers are those of its integers, which it no longer computes.
    if !inputs.student.givenQuantization.isEmpty {
      try Passes.run(FoldConstants.self, on: &asRead)
      inputs.studentAsRead = asRead
    }
    if var teacher = inputs.teacher {
      for index in teacher.models.indices { try Passes.run(on: &teacher.models[index].graph) }
      inputs.teacher = teacher
    }
    log.did("\(models.student.nodes.count) nodes became \(inputs.student.nodes.count)")
    return inputs
  }
}
