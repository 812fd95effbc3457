import ArgumentParser
import Foundation
import KDCDiagnostics
import KDCGraph
import KDCPasses
import KDCTensor
import KDCTraining

/// `kdc rise`: what image models look at.
struct Rise: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show on which pixels image models' answers rest (RISE saliency).",
    discussion: """
      Runs each model on the image under thousands of seeded random masks. The PNG shows the image and then, model by model,
      the image under its saliency, from blue over green to red. Insertion is the area under the probability while the most
      important pixels come in first (1 is best), deletion while they go first (0 is best).

      EXAMPLE
        kdc rise teacher.onnx student.onnx --data eval.npz --sample 7 -o saliency.png
      """)

  @Argument(help: "Models with one image as input, ONNX files.") var models: [String]

  @Option(help: "Samples: npz or a folder.") var data: String

  @Option(help: "Which sample, from 0.") var sample = 0

  @Option(name: .customLong("class"), help: "The class to explain. Default: each model's answer.") var label: Int?

  @Option(help: "Number of masks.") var masks = 4000

  @Option(help: "Cells of a mask along each axis.") var cells = 7

  @Option(help: "Seed of the masks.") var seed: UInt64 = 0

  @Option(name: .shortAndLong, help: "The PNG to write.") var output: String

  @Option(help: "Write the scores as JSON here; - prints them alone.") var json: String?

  @OptionGroup var machine: ThreadOptions

  @OptionGroup(title: "Image folders") var images: DataOptions

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

  mutating func run() async throws {
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
      var graph = try ModelFile.load(path, inputShapes: [:])
      let output = graph.outputs[0]
      let set = try Samples.open(
        data, inputs: graph.dataInputs, outputs: graph.outputs, images: images.images, threads: threads)
      guard sample < set.count else {
        throw Diagnostic(.noSamples, "there is no sample \(sample): \(set.count) samples", at: Place(file: data))
      }
      let image = try set.sample(sample)
      try Passes.run(on: &graph)
      let found = try Saliency(
        of: graph, output: output, image: image, label: label, options: options, threads: threads)
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

/// One part of the picture: the image, alone or under a saliency map.
struct SaliencyPanel {
  let image: [String: Tensor]
  let saliency: Saliency?

  /// The panels side by side, enlarged to at least 224 pixels each.
  static func picture(_ panels: [SaliencyPanel]) throws -> Image {
    guard let tensor = panels.first?.image.values.first, tensor.shape.rank == 4 else {
      throw InternalError("no image to show")
    }
    let (height, width) = (tensor.shape[2], tensor.shape[3])
    let zoom = max(1, (223 + max(height, width)) / max(height, width))
    let gap = 4
    let total = panels.count * (width * zoom + gap) - gap
    var pixels = [UInt8](repeating: 255, count: 3 * total * height * zoom)
    for (index, panel) in panels.enumerated() {
      let colours = panel.colours(height: height, width: width)
      for y in 0..<height * zoom {
        for x in 0..<width * zoom {
          let target = 3 * (y * total + index * (width * zoom + gap) + x)
          let source = 3 * (y / zoom * width + x / zoom)
          for channel in 0..<3 { pixels[target + channel] = colours[source + channel] }
        }
      }
    }
    return Image(width: total, height: height * zoom, channels: 3, pixels: pixels)
  }

  private func colours(height: Int, width: Int) -> [UInt8] {
    let size = height * width
    let values = image.values.first?.asFloats ?? []
    let channels = max(1, values.count / max(size, 1))
    let grey = (0..<size).map { pixel in
      (0..<channels).reduce(Float(0)) { $0 + values[$1 * size + pixel] } / Float(channels)
    }
    let picture = Self.stretched(grey)
    guard let saliency else { return picture.flatMap { [Self.byte($0), Self.byte($0), Self.byte($0)] } }
    let heat = Self.stretched(saliency.map)
    return (0..<size).flatMap { pixel -> [UInt8] in
      let (h, p) = (heat[pixel], 0.35 * picture[pixel])
      return [2 * h - 1, 1 - abs(2 * h - 1), 1 - 2 * h].map { Self.byte(p + 0.65 * max(0, $0)) }
    }
  }

  /// To 0…1.
  private static func stretched(_ values: [Float]) -> [Float] {
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    return values.map { high > low ? ($0 - low) / (high - low) : 0 }
  }

  private static func byte(_ value: Float) -> UInt8 { UInt8(max(0, min(255, (255 * value).rounded()))) }
}
