import KDCPasses

extension Stage {
  /// Brings both models into the form that later stages know: folded, fused, typed.
  static let canonicalize = Stage("canonicalize") { compilation, progress in
    let before = compilation.student.nodes.count
    for summary in try Passes.run(on: &compilation.student) where summary.changes > 0 {
      progress.detail("\(summary.pass): \(summary.changes) changes, \(summary.nodes) nodes")
    }
    if var teacher = compilation.teacher {
      for index in teacher.models.indices { try Passes.run(on: &teacher.models[index].graph) }
      compilation.teacher = teacher
    }
    compilation.compressed = compilation.student
    return "\(before) nodes became \(compilation.student.nodes.count)"
  }
}
