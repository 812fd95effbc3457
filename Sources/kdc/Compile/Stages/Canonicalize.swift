import KDCPasses

extension Pipeline {
  /// Brings both models into the form that later stages know: folded, fused, typed.
  static func canonicalize(_ models: Inputs, _ log: inout StageLog) throws -> Inputs {
    var inputs = models
    for summary in try Passes.run(on: &inputs.student) where summary.changes > 0 {
      log.progress.detail("\(summary.pass): \(summary.changes) changes, \(summary.nodes) nodes")
    }
    if var teacher = inputs.teacher {
      for index in teacher.models.indices { try Passes.run(on: &teacher.models[index].graph) }
      inputs.teacher = teacher
    }
    log.did("\(models.student.nodes.count) nodes became \(inputs.student.nodes.count)")
    return inputs
  }
}
