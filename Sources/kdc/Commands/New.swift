import ArgumentParser
import KDCDiagnostics
import KDCModels
import KDCONNX

/// `kdc new`: an untrained model.
struct New: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make an untrained ONNX model from a short description.",
    discussion: """
      EXAMPLE of a description, where the other families are resnet-v2, mobilenetv2, conv, conv-tiny, conv-very-tiny, mlp, \
      gru and multi-modal:
        family: resnet
        input: {name: image, shape: [1, 28, 28]}
        widths: [24, 48, 80]
        blocks: [1, 2, 2]
        outputs: {logits: 10}
      The page "Models" of the documentation lists the keys of each family.

      EXAMPLE
        kdc new teacher.yaml -o untrained.onnx
      """)

  @Argument(help: "The description, a YAML file.") var description: String

  @Option(name: .shortAndLong, help: "The ONNX model to write.") var output: String

  @Option(help: "Seed of the weights. Default: that of the description, or 0.") var seed: UInt64?

  mutating func run() throws {
    var files = FileUse()
    files.read("the description", description)
    files.write("-o", output)
    try files.check()
    let text = String(decoding: try Files.read(description), as: UTF8.self)
    var spec = try ModelSpec(text, path: description)
    if let seed { spec.seed = seed }
    let graph = try spec.graph()
    try Files.write([UInt8](try ONNXExporter.export(graph, batch: "N")), to: output)
    let weights = graph.initializers.values.filter { $0.dataType == .float32 }.reduce(0) { $0 + $1.count }
    guard !OutputPlace.isStandardOutput(output) else { return }
    Console.result("wrote \(output): \(graph.nodes.count) nodes, \(weights) weights")
  }
}
