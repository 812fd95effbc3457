import Foundation
import KDCBundle
import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import KDCTraining

extension Pipeline {
  /// Reads models and data, and checks that they belong together and that the result can be written.
  static func importModels(_ request: CompileRequest, _ log: inout StageLog) throws -> Inputs {
    // Now rather than after minutes of work.
    try request.files.check()
    for folder in [request.emitFolder, request.workFolder].compactMap({ $0 }) { try FileUse.confine(folder) }
    var (student, faults) = try ModelFile.judged(request.student, settings: request.inputs)
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    try student.inferTypes()
    student.recognizeOutputKinds()
    try student.setOutputKinds(request.outputKinds)
    for note in student.notes { log.progress.line("note: \(note)") }
    log.report.model = student.name
    var inputs = Inputs(
      student: student, studentBytes: fileSize(request.student), hashes: ["student": try hash(request.student)])
    if !request.teacher.models.isEmpty {
      let models = try request.teacher.models.map { path in
        let graph = try ModelFile.load(path, settings: request.inputs)
        return try TeacherModel(graph, for: student, request: request.teacher, bytes: fileSize(path))
      }
      student.adoptOutputKinds(of: models)
      inputs.student = student
      inputs.teacher = Teacher(models: models, for: student)
      for (index, path) in request.teacher.models.enumerated() {
        inputs.hashes[index == 0 ? "teacher" : "teacher\(index + 1)"] = try hash(path)
      }
    }
    try inputs.openData(request)
    if let folder = request.workFolder, request.isGuided {
      inputs.workFolder = try WorkFolder(in: folder, key: try WorkKey(request, inputs))
    }
    let samples = inputs.calibration.map { ", \($0.count) calibration samples" } ?? ""
    let training =
      request.train == nil ? "" : inputs.training.map { ", \($0.originals.count) training samples" } ?? ""
    log.did("\(student.nodes.count) nodes, opset \(student.opset)\(samples)\(training)")
    return inputs
  }

  private static func fileSize(_ path: String) -> Int {
    (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
  }

  private static func hash(_ path: String) throws -> String { Digest.hexadecimal(of: try Files.read(path)) }
}

extension Graph {
  /// What a teacher's graph tells of outputs of which the student's tells nothing.
  mutating func adoptOutputKinds(of teachers: [TeacherModel]) {
    for name in outputs where outputKinds[name] == nil {
      switch teachers.lazy.compactMap({ $0.kind(of: name) }).first {
      case .logits, .probabilities, .logProbabilities: outputKinds[name] = .logits
      case .sigmoid where types[name]?.shape.count == 1: outputKinds[name] = .logits
      case .embedding: outputKinds[name] = .embedding
      case .regression: outputKinds[name] = .regression
      case .sigmoid, .boxes, nil: continue
      }
    }
  }

  /// The inputs that samples fill.
  var dataInputs: [ValueInfo] { inputs.filter { initializers[$0.name] == nil } }

  var outputInfos: [ValueInfo] {
    outputs.map { ValueInfo(name: $0, type: types[$0] ?? TensorType(.float32, [])) }
  }
}

extension Inputs {
  /// Data sets and the teacher's stored outputs.
  fileprivate mutating func openData(_ request: CompileRequest) throws {
    let model = student
    func open(_ path: String) throws -> DataSet {
      try Samples.open(path, for: model, images: request.images, threads: request.threads)
    }
    let data = try request.data.map(open)
    calibration = data?.first(request.dataSamples)
    evaluation = try request.evaluation.map(open) ?? data
    guard let samples = try request.train.map(open) ?? data else { return }
    // Decisions may rest on this, so evaluation samples must not influence it.
    for data in [calibration, samples].compactMap({ $0 }) {
      for head in student.heads(labels: data.labels) where head.isKnownDistribution {
        student.outputKinds[head.name] = head.output
      }
    }
    let stored =
      try request.teacher.outputs.isEmpty
      ? nil
      : TeacherOutputs(
        files: request.teacher.outputs, outputs: student.outputInfos, names: request.teacher.matches,
        count: samples.count)
    training = TrainingSamples(samples.first(request.trainSamples), request, teacherOutputs: stored)
    let wants =
      request.compression.labelWeight > 0 ? "--labels" : request.budget.accuracy != nil ? "--min-accuracy" : nil
    if let wants, samples.labels.isEmpty {
      throw Diagnostic(
        .missingLabels, "\(wants) needs labels, and the training samples have none", at: Place(file: samples.file),
        hint: "add an array 'label' (or label:OUTPUT) to the samples, or leave \(wants) out")
    }
  }
}

extension DataSet {
  /// The first `count` samples, or all where it is nil.
  func first(_ count: Int?) -> DataSet {
    guard let count, count < self.count else { return self }
    return selecting(Array(0..<count))
  }
}
