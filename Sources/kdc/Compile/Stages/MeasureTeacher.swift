import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTraining

extension Stage {
  /// Runs teacher and student in float over the evaluation samples.
  static let measureTeacher = Stage("measure float") { compilation, progress in
    guard let data = compilation.evaluation else { return "no samples to measure on" }
    let student = compilation.student
    let threads = compilation.request.threads
    compilation.heads = student.heads(labels: data.labels)
    compilation.teacherOutputs = try compilation.teacher?.outputs(
      of: data, threads: threads, progress: progress, label: "teacher")
    if let teacher = compilation.teacher, let outputs = compilation.teacherOutputs {
      compilation.report.stages.append(
        Report.Stage(
          name: "teacher", metrics: compilation.metrics(of: outputs, against: nil), samples: data.count,
          macs: teacher.macs, bytes: teacher.bytes, accepted: true))
    }
    compilation.studentOutputs = try GraphRunner(student).outputs(
      of: data, threads: threads, progress: progress, label: "student")
    compilation.report.stages.append(
      Report.Stage(
        name: "student",
        metrics: compilation.metrics(of: compilation.studentOutputs, against: compilation.teacherOutputs),
        samples: data.count, macs: student.macs, bytes: compilation.studentBytes, accepted: true,
        milliseconds: try compilation.milliseconds(of: student)))
    return "\(data.count) samples"
  }
}

extension Compilation {
  /// Metrics of every head for outputs `[output][sample]`.
  func metrics(of outputs: [String: [[Float]]], against reference: [String: [[Float]]]?) -> [HeadMetrics] {
    heads.map { HeadMetrics($0, outputs: outputs[$0.name] ?? [], reference: reference?[$0.name]) }
  }
}
