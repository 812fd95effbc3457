import ArgumentParser
import Foundation
import KDCTraining

/// `kdc distill`: a student's weights from a teacher's answers.
struct Distill: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a student's weights under a teacher, ONNX in and out.",
    discussion: """
      The loss of each head is α · hard + (1 − α) · T² · KL(teacher ‖ student) at temperature T: cross-entropy with the label
      and divergence from the teacher for classes, smooth L1 from both for boxes and other values. Samples without a label
      (class −1) are taught by the teacher alone.

      EXAMPLES
        kdc distill teacher.onnx student.onnx --data train.npz --eval eval.npz -o distilled.onnx
        kdc distill teacher.onnx student.onnx --data photos/ --soft-only --temperature 8 -o distilled.onnx
        kdc distill teacher.onnx student.onnx --data train.npz --hint relu3=relu2:0.5 --attention relu9=relu5:100 -o d.onnx
        kdc distill teacher.onnx student.onnx --data train.npz --generations 6 --reinitialize -o born-again.onnx
        kdc distill a.onnx student.onnx --teacher b.onnx --data train.npz --augment shift=2,flip -o distilled.onnx
      """)

  @Argument(help: "The model to learn from, an ONNX file.") var teacher: String

  @Argument(help: "The model to train, an ONNX file.") var student: String

  @Option(help: "Training samples: npz, CSV, or a folder. Labels are used where there are some.") var data: String

  @Option(name: .shortAndLong, help: "The ONNX model to write.") var output: String

  @OptionGroup(title: "The loss") var loss: DistillationOptions

  @OptionGroup(title: "Training") var training: TrainingOptions

  @OptionGroup(title: "Image folders") var images: DataOptions

  mutating func run() async throws {
    var options = training.options(hasTeacher: true)
    loss.apply(to: &options)
    var teachers = [teacher] + loss.teachers
    var finished: [TrainingSession] = []
    // Each link of the chain is taught by the one before.
    var links = loss.assistant.enumerated().map { index, path in
      (path: path, output: TrainingSession.derived(output, "assistant\(index + 1)"), generation: 0)
    }
    links += (0..<loss.generations).map { generation in
      let isLast = generation == loss.generations - 1
      return (student, isLast ? output : TrainingSession.derived(output, "g\(generation + 1)"), generation)
    }
    for (index, link) in links.enumerated() {
      var session = try TrainingSession(
        student: link.path, data: data, output: link.output, training: training, images: images)
      if links.count > 1 { session.keepsCheckpoint = true }
      if link.generation > 0 { session.weightSeed = training.seed &+ UInt64(link.generation) }
      // What the first teacher needs is not what its pupils need.
      try session.openTeachers(teachers, request: index == 0 ? loss.request : TeacherRequest())
      if options.loss.hardWeight == 1 { try session.requireLabels(for: "--hard-only") }
      if let unlabelled = loss.unlabelled { try session.openUnlabelled(unlabelled) }
      try session.openPeers(loss.peer)
      var own = options
      own.transfers = try session.resolve(options.transfers)
      try session.run(own)
      finished.append(session)
      teachers = [link.output]
    }
    for session in finished { session.removeCheckpoint() }
  }
}
