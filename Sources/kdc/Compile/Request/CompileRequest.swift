import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCTargets
import KDCTensor
import KDCTraining

/// What `kdc compile` was asked for, checked and without defaults left open.
struct CompileRequest: Sendable, Encodable {
  enum Activations: String, Sendable, Encodable, CaseIterable { case int8, float }
  /// 8-bit arithmetic alone; 7 bits wherever that is faster; 7 bits where held-out samples show that it costs nothing.
  enum Arithmetic: String, Sendable, Encodable, CaseIterable { case exact, fast, auto }
  /// What is written besides bundles: generated C; the compiled graph as ONNX.
  enum Emitted: String, Sendable, Encodable, CaseIterable { case c, onnx }
  enum Weights: String, Sendable, Encodable, CaseIterable { case int8, int4, auto }

  var student: String
  var teacher = TeacherRequest()
  /// Calibration samples; nil makes a float model, of a model that is not quantised already.
  var data: String?
  /// Ranges are chosen from this many of them, the first; nil: from all.
  var dataSamples: Int?
  /// Samples to prune and recover with; the calibration samples where nil.
  var train: String?
  var trainSamples: Int?
  /// Samples to measure on; the calibration samples where nil.
  var evaluation: String?
  var images = ImageOptions()
  var targets: [Target]
  /// Those of the targets that are the user's own.
  var targetFiles: [String] = []
  var output: String
  /// What outputs mean, where the user says so.
  var outputKinds: [String: OutputKind] = [:]
  var json: String?
  var activations: Activations
  var weights: Weights = .int8
  var arithmetic: Arithmetic = .auto
  var maxLoss: LossLimit = .auto
  var compression = CompressionRequest()
  var budget = Budget()
  var inputs = InputSettings()
  /// Folder for `emitted`; nil: nothing is written besides bundles.
  var emitFolder: String?
  var emitted: [Emitted] = [.c]
  /// Folder for what an interrupted compile resumes from.
  var workFolder: String?
  var toolchain: String?
  var seed: UInt64 = 0
  var threads: Threads = 1
  /// Whether to prove that the quantiser saw what the program computes (`SimulationCheck`).
  var checksSimulation = false

  /// Whether something learns from the training samples: pruning, recovery or the search for a budget.
  var isGuided: Bool { compression.changesModel || !budget.isEmpty }

  /// The loss within which layers are kept by computing in float; nil where none do for that. A budget comes before `auto`: it
  /// bounds what float may cost.
  var lossToKeep: Double? { maxLoss == .auto && !budget.isEmpty ? nil : maxLoss.value }

  /// The architectures asked for, in order of first mention.
  var architectures: [Target.Architecture] {
    targets.reduce(into: []) { list, target in
      if !list.contains(target.architecture) { list.append(target.architecture) }
    }
  }

  /// `model.kdb`, or `model.aarch64.kdb` where the targets span architectures.
  func outputPath(for architecture: Target.Architecture) -> String {
    guard architectures.count > 1, output != "-" else { return output }
    let stem = output.hasSuffix(".kdb") ? String(output.dropLast(4)) : output
    return "\(stem).\(architecture.rawValue).kdb"
  }

  /// What is read and written, generated C aside.
  var files: FileUse {
    var files = FileUse()
    files.read(model: student, as: "the student")
    for model in teacher.models { files.read(model: model, as: "the teacher") }
    for outputs in teacher.outputs { files.read("the teacher's outputs", outputs) }
    files.read(samples: data, as: "the calibration samples")
    files.read(samples: train, as: "the training samples")
    files.read(samples: evaluation, as: "the evaluation samples")
    for file in targetFiles { files.read("a target", file) }
    for architecture in architectures { files.write("-o", outputPath(for: architecture)) }
    files.write("--json", json)
    return files
  }
}

/// What the student is compared with: models, or outputs computed elsewhere, or nothing but itself.
struct TeacherRequest: Sendable, Encodable {
  var models: [String] = []
  /// Shards of the outputs for the training samples.
  var outputs: [String] = []
  /// The teacher's output by the student's, where names differ.
  var matches: [String: String] = [:]
  var preprocessing: [TeacherPreprocessing] = []
}
