import Foundation
import KDCBundle
import KDCCodegen
import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCKernels
import KDCProgram
import KDCTargets
import KDCTensor
import KDCToolchain
import KDCTraining

/// `kdc compile`, from top to bottom. Nothing reaches back: a stage reads what those before it left.
enum Pipeline {
  static let stages: [Stage] = [
    .importModels, .checkSamples, .canonicalize, .measureTeacher, .answer, .meetBudget, .prune, .recover, .quantize,
    .lower, .selectKernels, .planMemory, .emit, .build, .measure, .judge, .checkBudget, .prove, .package,
  ]

  /// Runs all stages. Throws what a stage throws; then no output file exists.
  static func run(_ request: CompileRequest, progress: Progress) throws -> Compilation {
    var compilation = Compilation(request)
    for stage in stages {
      let begin = Date()
      let rungs = compilation.report.stages.count
      guard let summary = try stage.run(&compilation, progress) else { continue }
      let seconds = Date().timeIntervalSince(begin)
      for rung in rungs..<compilation.report.stages.count {
        compilation.report.stages[rung].seconds = (seconds * 1000).rounded() / 1000
      }
      progress.finished(stage.name, summary, seconds: seconds)
    }
    return compilation
  }
}

/// One step of the pipeline. It can be run alone on a `Compilation` that has what it needs.
struct Stage: Sendable {
  let name: String
  /// Returns what it did, in one line; nil where it was not asked for.
  let run: @Sendable (inout Compilation, Progress) throws -> String?

  init(_ name: String, run: @escaping @Sendable (inout Compilation, Progress) throws -> String?) {
    self.name = name
    self.run = run
  }
}

/// What a compilation has so far.
struct Compilation: Sendable {
  let request: CompileRequest

  // importModels, canonicalize
  var student = Graph.empty
  var teacher: Teacher?
  var calibration: DataSet?
  /// What pruning and recovery learn from: the training samples, else the calibration samples.
  var training: DataSet?
  /// The teacher's outputs for `training`, where they were given instead of a model.
  var teacherOutputsOfTraining: TeacherOutputs?
  /// What models are measured on: the evaluation samples, else the calibration samples.
  var evaluation: DataSet?
  var studentBytes = 0
  var inputHashes: [String: String] = [:]

  // measureTeacher
  var heads: [Head] = []
  /// Outputs on the evaluation samples, by output and sample.
  var teacherOutputs: [String: [[Float]]]?
  var studentOutputs: [String: [[Float]]] = [:]
  /// Those of the pruned and recovered model, where there is one.
  var smallerOutputs: [String: [[Float]]]?

  // answer
  /// Where unfinished work is kept; nil where none was asked for.
  var workFolder: WorkFolder?
  /// Answers of teacher and student on the training samples.
  var guidance: DistillationTargets?

  // meetBudget
  /// What a budget's search found that pruning has to reach; nil: what was asked for.
  var foundAim: PruningAim?
  /// The name of the model being made, in `finished` and in the work folder.
  var modelName = "asked"
  /// Models that the search pruned and recovered, by name.
  var finished: [String: FinishedModel] = [:]
  var pruningAim: PruningAim? { foundAim ?? request.compression.cut.map { .cut($0) } }

  /// The student as it is made smaller: what each of the stages that change the model leaves.
  var compressed = Graph.empty
  /// The student's channels that are left in it, by the output of its layers; all where there is no entry.
  var keptChannels: [String: [Int]] = [:]
  /// Epochs of recovery that pruning has spent between its steps.
  var epochsWhilePruning = 0

  // quantize
  var quantized = Graph.empty

  // lower, selectKernels, planMemory, emit
  var program = Program(name: "")
  var selections: [KernelSelection] = []
  var plans: [MemoryPlan] = []
  var variants: [(architecture: Target.Architecture, variants: [CodeVariant], model: String)] = []

  // measure
  /// On the first of the evaluation samples.
  var compiledOutputs: [String: [[Float]]] = [:]

  // build
  var golden: Golden?
  var bundles: [BuiltBundle] = []
  /// Code for this machine, where it is not among the bundles but worth building to measure with.
  var hostBundle: BuiltBundle?

  var report: Report

  init(_ request: CompileRequest) {
    self.request = request
    report = Report(model: "")
  }
}

/// A bundle in memory, not yet a file.
struct BuiltBundle: Sendable {
  let architecture: Target.Architecture
  let bytes: [UInt8]
}

extension Graph {
  static var empty: Graph { Graph(name: "", opset: 17, inputs: [], outputs: [], nodes: []) }
}
