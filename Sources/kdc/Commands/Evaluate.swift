import ArgumentParser
import Foundation
import KDCDiagnostics
import KDCTraining

/// `kdc evaluate`: how good a model is on labelled samples.
struct Evaluate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a bundle or an ONNX model on labelled samples.",
    discussion: """
      EXAMPLES
        kdc evaluate model.kdb --data eval.npz
        kdc evaluate student.onnx --data eval.npz --json -
        kdc evaluate encoder.kdb --data eval.npz --output y=embedding
      """)

  @Argument(help: "A bundle or an ONNX model.")
  var model: String

  @Option(help: "Samples and labels: npz, CSV, or a folder.")
  var data: String

  @Option(help: "Write the figures as JSON to this file; - prints them alone.")
  var json: String?

  @Option(help: "Draw confidences and confusion matrices as SVG to this file.")
  var svg: String?

  @OptionGroup var kinds: OutputKindOptions

  @OptionGroup var inputs: InputOptions

  @OptionGroup var machine: ThreadOptions

  @OptionGroup(title: "Image folders") var images: DataOptions

  @Flag(help: "Print no progress.")
  var quiet = false

  /// The documented JSON.
  struct Figures: Codable {
    var schema = 1
    var model: String
    var samples: Int
    /// What ran the model.
    var means: String
    var metrics: [HeadMetrics]
    /// Of the heads of classes.
    var certainty: [Certainty]
  }

  mutating func run() async throws {
    let threads = try machine.threads
    var files = FileUse()
    files.read(model: model)
    files.read(samples: data)
    files.write("--json", json)
    files.write("--svg", svg)
    try files.check()
    let opened = try OpenedModel(path: model, settings: inputs.settings, outputKinds: kinds.kinds, threads: threads)
    if !quiet { opened.notes.forEach { Console.note("note: \($0)") } }
    let runner = opened.runner
    let set = try Samples.open(
      data, inputs: runner.inputs, outputs: runner.outputs.map(\.name), images: images.images,
      threads: threads)
    var heads = opened.heads(labels: set.labels)
    try Samples.checkLabels(heads, of: data)
    let outputs = try runner.outputs(
      of: set, threads: threads, progress: Progress(quiet ? .quiet : .normal), label: "evaluate")
    for head in heads {
      guard let sample = outputs[head.name]?.firstIndex(where: { !$0.allSatisfy(\.isFinite) }) else { continue }
      throw Diagnostic(
        .nonFiniteActivation, "the model answers NaN or infinity for '\(head.name)' of sample \(sample)",
        at: Place(file: model), hint: "look for weights that are not finite, and samples that are extreme")
    }
    // A Softmax that nothing names, as in bundles that do not say what their outputs are.
    heads = heads.map { head in
      guard opened.outputKinds[head.name] == nil, head.isExclusive else { return head }
      let found = ScoreTranslation.kind(of: outputs[head.name] ?? [], for: head)
      return found.map { Head(name: head.name, shape: head.shape, labels: set.labels[head.name], output: $0) } ?? head
    }
    Console.warn(SampleWarnings.oneHot(heads, file: data))
    let metrics = heads.map { HeadMetrics($0, outputs: outputs[$0.name] ?? [], reference: nil) }
    let certainty = heads.compactMap { Certainty($0, outputs: outputs[$0.name] ?? []) }
    let figures = Figures(model: model, samples: set.count, means: opened.means, metrics: metrics, certainty: certainty)
    try files.check()
    if let json { try Console.json(figures, to: json) }
    if let svg { try Files.write(Array(CertaintyView(heads: certainty).svg.utf8), to: svg) }
    guard json != "-" else { return }
    if set.labels.isEmpty && !quiet { Console.note("note: \(data) has no labels") }
    for head in metrics where head.score != nil {
      let uncertainty = head.uncertainty.map { String(format: ", uncertainty %.4f", $0) } ?? ""
      Console.result("\(head.output)  \(ReportTable.score(head))\(uncertainty)")
    }
    for line in CertaintyView(heads: certainty).lines { Console.result(line) }
    Console.result("\(set.count) samples by \(opened.means)")
  }
}
