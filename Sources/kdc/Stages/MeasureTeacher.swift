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
    compilation.heads = student.outputs.map { name in
      Head(name: name, shape: student.types[name]?.shape ?? [], labels: data.labels[name])
    }
    if let teacher = compilation.teacher {
      compilation.teacherOutputs = try teacher.outputs(on: data, threads: threads, progress: progress)
    }
    compilation.studentOutputs = try GraphRunner(student).outputs(
      of: data, threads: threads, progress: progress, label: "student")
    if let teacher = compilation.teacher, let outputs = compilation.teacherOutputs {
      compilation.report.stages.append(
        Report.Stage(
          name: "teacher", metrics: compilation.metrics(of: outputs, against: nil), samples: data.count,
          macs: teacher.graph.macs, bytes: teacher.bytes, accepted: true))
    }
    let metrics = compilation.metrics(of: compilation.studentOutputs, against: compilation.teacherOutputs)
    compilation.report.stages.append(
      Report.Stage(
        name: "student", metrics: metrics, samples: data.count, macs: student.macs, bytes: compilation.studentBytes,
        accepted: true))
    return "\(data.count) samples"
  }
}

extension Teacher {
  /// The teacher's outputs under the student's names: `[output][sample]`.
  func outputs(on data: DataSet, threads: Threads, progress: Progress) throws -> [String: [[Float]]] {
    let inputNames = inputNames
    let found = try RenamingRunner(GraphRunner(graph)) { sample in
      Dictionary(uniqueKeysWithValues: inputNames.compactMap { name, other in sample[name].map { (other, $0) } })
    }.outputs(of: data, threads: threads, progress: progress, label: "teacher")
    return outputNames.compactMapValues { found[$0] }
  }
}

/// A model that is given its inputs under other names.
struct RenamingRunner: ModelRunner {
  private let model: GraphRunner
  private let rename: @Sendable ([String: Tensor]) -> [String: Tensor]
  var inputs: [ValueInfo] { model.inputs }
  var outputs: [ValueInfo] { model.outputs }

  init(_ model: GraphRunner, rename: @escaping @Sendable ([String: Tensor]) -> [String: Tensor]) {
    self.model = model
    self.rename = rename
  }

  func run(
    _ count: Int, threads: Threads, sample: @escaping @Sendable (Int) throws -> [String: Tensor]
  ) throws -> [[String: Tensor]] {
    try model.run(count, threads: threads) { rename(try sample($0)) }
  }
}

extension Compilation {
  /// Metrics of every head for outputs `[output][sample]`.
  func metrics(of outputs: [String: [[Float]]], against reference: [String: [[Float]]]?) -> [HeadMetrics] {
    heads.map { HeadMetrics($0, outputs: outputs[$0.name] ?? [], reference: reference?[$0.name]) }
  }
}
