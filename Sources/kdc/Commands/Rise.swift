import ArgumentParser

/// `kdc rise`: what image models look at.
struct Rise: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show which pixels the answers of image models rest on (RISE saliency).",
    discussion: """
      Runs each model on the image under thousands of seeded random masks. The PNG shows the image and then, model by \
      model, the image under its saliency, from blue through green to red. Insertion is the area under the probability \
      as the most important pixels are added (1 is best), deletion as they are removed (0 is best).

      EXAMPLE
        kdc rise teacher.onnx student.onnx --data eval.npz --sample 7 \\
            -o saliency.png
      """)

  @Argument(help: "Models with one image as input, ONNX files.") var models: [String]

  @OptionGroup var saliency: SaliencyOptions

  @Option(help: "Write the scores as JSON to this file; - prints them alone.") var json: String?

  func validate() throws { try saliency.requireAll() }

  mutating func run() async throws { try saliency.show(models, json: json) }
}
