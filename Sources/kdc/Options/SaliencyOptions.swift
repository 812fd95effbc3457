import ArgumentParser
import Foundation
import KDCDiagnostics
import KDCGraph
import KDCPasses
import KDCTraining

/// An image and the masks that models see it under: `kdc rise`, and `kdc explain --rise`.
struct SaliencyOptions: ParsableArguments {
  @Option(help: "Samples: npz or a folder.") var data: String?

  @Option(help: "Index of the sample, from 0.") var sample = 0

  @Option(name: .customLong("class"), help: "The class to explain. Default: each model's own answer.") var label: Int?

  @Option(help: "Number of masks.") var masks = 4000

  @Option(help: "Cells of a mask along each axis.") var cells = 7

  @Option(help: "Seed of the masks.") var seed: UInt64 = 0

  @Option(name: .shortAndLong, help: "The PNG to write.") var output: String?

  @OptionGroup var machine: ThreadOptions

  @OptionGroup(title: "Image folders") var images: DataOptions

  /// The JSON of `--json`.
  struct Scores: Codable {
    var model: String
    var label: Int
    var probability: Double
    var insertion: Double
    var deletion: Double
  }

  func validate() throws {
    guard (1...10_000_000).contains(masks) else { throw ValidationError("--masks must be 1 to 10000000") }
    guard (1...1000).contains(cells) else { throw ValidationError("--cells must be 1 to 1000") }
    guard sample >= 0, label ?? 0 >= 0 else { throw ValidationError("--sample and --class must not be negative") }
  }

  /// What cannot be left out where saliency is asked for.
  func requireAll() throws {
    guard data != nil else { throw ValidationError("Missing expected argument '--data <data>'") }
    guard output != nil else { throw ValidationError("Missing expected argument '--output <output>'") }
  }

  /// Draws the picture and tells the scores.
  func show(_ models: [String], json: String?) throws {
    try requireAll()
    guard let data, let output else { return }
    let threads = try machine.threads
    var files = FileUse()
    for model in models { files.read(model: model) }
    files.read(samples: data)
    files.write("-o", output)
    files.write("--json", json)
    try files.check()
    var options = Saliency.Options()
    (options.masks, options.cells, options.seed) = (masks, cells, seed)
    var scores: [Scores] = []
    var panels: [SaliencyPanel] = []
    for path in models {
      var graph = try ModelFile.load(path)
      let answer = graph.outputs[0]
      let set = try Samples.open(
        data, inputs: graph.dataInputs, outputs: graph.outputs, images: images.images, threads: threads)
      guard sample < set.count else {
        throw Diagnostic(.noSamples, "there is no sample \(sample): \(set.count) samples", at: Place(file: data))
      }
      let image = try set.sample(sample)
      try Passes.run(on: &graph)
      let found = try Saliency(
        of: graph, output: answer, image: image, label: label, options: options, threads: threads)
      scores.append(
        Scores(
          model: path, label: found.label, probability: found.probability, insertion: found.insertion,
          deletion: found.deletion))
      if panels.isEmpty { panels.append(SaliencyPanel(image: image, saliency: nil)) }
      panels.append(SaliencyPanel(image: image, saliency: found))
    }
    try files.check()
    try Files.write(try SaliencyPanel.picture(panels).png(), to: output)
    if let json { try Console.json(scores, to: json) }
    guard json != "-", !OutputPlace.isStandardOutput(output) else { return }
    for score in scores {
      Console.result(
        String(
          format: "%@  class %d at %.4f, insertion %.4f, deletion %.4f", score.model, score.label, score.probability,
          score.insertion, score.deletion))
    }
  }
}
