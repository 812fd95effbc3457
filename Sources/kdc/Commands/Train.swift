import ArgumentParser
import KDCDiagnostics

/// `kdc train`: weights from labels alone.
struct Train: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model's weights on labelled samples, ONNX in and out.",
    discussion: """
      BatchNormalization is trained in its training form and kept; operator set, names and dynamic dimensions stay as they \
      are. The training history is drawn as an SVG file next to the output.

      EXAMPLES
        kdc new conv-tiny.yaml -o untrained.onnx
        kdc train untrained.onnx --data train.npz --eval eval.npz \\
            -o teacher.onnx
        kdc train student.onnx --reinitialize --seed 3 --data train.npz \\
            --epochs 20 --augment shift=2,flip -o new.onnx
        kdc train model.onnx --data photos/ --image-size 96x96 \\
            --optimizer sgd --schedule step -o better.onnx
      """)

  @Argument(help: "The model to train, an ONNX file.") var model: String

  @Option(help: "Labelled samples: npz, CSV, or a folder.") var data: String

  @OptionGroup var destination: OutputOptions

  @OptionGroup(title: "Training") var training: TrainingOptions

  @OptionGroup(title: "Image folders") var images: DataOptions

  func validate() throws { try TrainingOptions.checkOutput(destination.file) }

  mutating func run() async throws {
    let outputs = TrainingOutputs(destination.file, training: training)
    var files = FileUse()
    files.read(model: model)
    files.read(samples: data)
    files.read(samples: training.eval, as: "the evaluation samples")
    outputs.declare(in: &files)
    try files.check()
    var session = try TrainingSession(
      student: model, data: data, outputs: outputs, files: files, kinds: destination.kinds, training: training,
      images: images)
    var options = training.options(hasTeacher: false)
    options.loss.hardWeight = 1
    try session.requireLabels(for: "kdc train")
    try session.run(options)
  }
}
