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
    var session = try TrainingSession(
      student: student, data: data, output: output, training: training, images: images)
    try session.openTeachers([teacher] + loss.teachers, request: try loss.request)
    var options = training.options(hasTeacher: true)
    loss.apply(to: &options)
    if options.loss.hardWeight == 1 { try session.requireLabels(for: "--hard-only") }
    try session.run(options)
  }
}
