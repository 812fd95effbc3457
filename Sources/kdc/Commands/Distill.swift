import ArgumentParser
import KDCDiagnostics
import KDCTraining

/// `kdc distill`: a student's weights from a teacher's answers.
struct Distill: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a student's weights under a teacher, ONNX in and out.",
    discussion: """
      The loss of each head is α · hard + (1 − α) · T² · KL(teacher ‖ student) at temperature T. For classes the hard part \
      is the cross-entropy with the label and the soft part the divergence from the teacher; for boxes and other values \
      both are smooth L1. Samples without a label (class −1) learn from the teacher alone.

      EXAMPLES
        kdc distill teacher.onnx student.onnx --data train.npz \\
            --eval eval.npz -o distilled.onnx
        kdc distill teacher.onnx student.onnx --data photos/ --soft-only \\
            --temperature 8 -o distilled.onnx
        kdc distill teacher.onnx student.onnx --data train.npz \\
            --hint relu3=relu2:0.5 --attention relu9=relu5:100 -o d.onnx
        kdc distill teacher.onnx student.onnx --data train.npz \\
            --generations 6 --reinitialize -o born-again.onnx
        kdc distill a.onnx student.onnx --teacher b.onnx --data train.npz \\
            --augment shift=2,flip -o distilled.onnx
      """)

  @Argument(help: "The model to learn from, an ONNX file.") var teacher: String

  @Argument(help: "The model to train, an ONNX file.") var student: String

  @Option(help: "Training samples, with labels if there are any: npz, CSV, or a folder.") var data: String

  @OptionGroup var destination: OutputOptions

  @OptionGroup(title: "The loss") var loss: DistillationOptions

  @OptionGroup(title: "Training") var training: TrainingOptions

  @OptionGroup(title: "Image folders") var images: DataOptions

  func validate() throws { try TrainingOptions.checkOutput(destination.file) }

  /// What the links of the chain write, assistants and generations before the result.
  private var outputs: [TrainingOutputs] {
    let parts = loss.assistant.indices.map { "assistant\($0 + 1)" } + (1..<loss.generations).map { "g\($0)" }
    return (parts + [nil]).map { TrainingOutputs(destination.file, training: training, part: $0) }
  }

  private var files: FileUse {
    var files = FileUse()
    for teacher in [teacher] + loss.teachers { files.read(model: teacher, as: "the teacher") }
    for student in [student] + loss.peer { files.read(model: student, as: "the student") }
    for assistant in loss.assistant { files.read(model: assistant, as: "the assistant") }
    files.read(samples: data)
    files.read(samples: loss.unlabelled, as: "the unlabelled samples")
    files.read(samples: training.eval, as: "the evaluation samples")
    for outputs in outputs { outputs.declare(peers: loss.peer.count, in: &files) }
    return files
  }

  mutating func run() async throws {
    var options = training.options(hasTeacher: true)
    loss.apply(to: &options)
    let files = files
    try files.check()
    // Each link of the chain is taught by the one before.
    var chain: [TrainingSession] = []
    for (index, outputs) in outputs.enumerated() {
      let generation = index - loss.assistant.count
      var session = try TrainingSession(
        student: generation < 0 ? loss.assistant[index] : student, data: data, outputs: outputs, files: files,
        kinds: destination.kinds, training: training, images: images)
      if generation > 0 { session.weightSeed = training.seed &+ UInt64(generation) }
      chain.append(session)
    }
    // What is wrong with any link is said before the first one trains.
    for index in chain.indices {
      // What the first teacher needs is not what its pupils need.
      try chain[index].openTeachers(
        index == 0 ? [teacher] + loss.teachers : [chain[index - 1].path],
        request: index == 0 ? loss.request : TeacherRequest())
      chain[index].keepsCheckpoint = chain.count > 1
      if options.loss.hardWeight == 1 { try chain[index].requireLabels(for: "--hard-only") }
      if let unlabelled = loss.unlabelled { try chain[index].openUnlabelled(unlabelled) }
      try chain[index].openPeers(loss.peer)
    }
    options.transfers = try chain[0].resolve(options.transfers)
    for index in chain.indices {
      if index > 0 { try chain[index].openTeachers([chain[index - 1].outputs.model], request: TeacherRequest()) }
      try chain[index].run(options)
    }
    for session in chain { session.removeCheckpoint() }
  }
}
