import ArgumentParser
import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTraining

/// `kdc run`: a model over samples, outputs to an npz file.
struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a bundle or an ONNX model on samples.",
    discussion: """
      A bundle for this machine runs its machine code; one for another architecture runs in the reference interpreter, with \
      the same bytes. Outputs are stacked along the first dimension, one row per sample. A single sample of a model without \
      a batch, in the shape of the model's input, gives outputs in the model's own shapes.

      A video (unpacked by ffmpeg) or a folder of its frames gives one row per frame. If the model has several inputs, those \
      with 1 or 3 channels receive the frame, and one with K channels the last K frames in grey.

      EXAMPLES
        kdc run model.kdb --input samples.npz -o outputs.npz
        kdc run concierge.kdb --input frames/ -o outputs.npz
        kdc run concierge.kdb --input door.mp4 --fps 8 -o outputs.npz
      """)

  @Argument(help: "A bundle or an ONNX model.")
  var model: String

  @Option(help: "Samples: npz, npy, CSV, a folder, or a video.")
  var input: String

  @Option(help: "Frames per second to take from a video. Default: all.", transform: Quantity.positive)
  var fps: Double?

  @Option(name: .shortAndLong, help: "The npz file to write; - for standard output.")
  var output: String

  @OptionGroup var inputs: InputOptions

  @OptionGroup var machine: ThreadOptions

  @OptionGroup(title: "Image folders") var images: DataOptions

  @Flag(help: "Print no progress.")
  var quiet = false

  func validate() throws {
    if fps != nil && !VideoFrames.isVideo(input) { throw ValidationError("--fps is for videos") }
    let other = [".csv", ".json", ".npy", ".png", ".tsv", ".txt"].first(where: output.lowercased().hasSuffix)
    if let other { throw ValidationError("kdc run writes npz: '\(output)' would be no \(other.dropFirst()) file") }
  }

  mutating func run() async throws {
    var files = FileUse()
    files.read(model: model)
    files.read(samples: input)
    files.write("-o", output)
    try files.check()
    let threads = try machine.threads
    let opened = try OpenedModel(path: model, settings: inputs.settings, threads: threads)
    if !quiet { opened.notes.forEach { Console.note("note: \($0)") } }
    let runner = opened.runner
    let video = VideoFrames.isVideo(input) ? try VideoFrames(input, for: runner.inputs, rate: fps) : nil
    defer { video?.remove() }
    let data = try Samples.open(
      video?.path ?? input, inputs: runner.inputs, outputs: runner.outputs.map(\.name), images: images.images,
      threads: threads)
    let results = try runner.run(data.count, threads: threads) { try data.sample($0) }
    var arrays: [(key: String, tensor: Tensor)] = []
    let layout = OutputLayout(inputs: runner.inputs, of: data)
    for port in runner.outputs {
      arrays.append((port.name, try layout.stacked(results.compactMap { $0[port.name] }, as: port.type)))
    }
    try files.check()
    try NumpyFile.write(arrays, to: output)
    if !quiet { Console.note("\(data.count) samples by \(opened.means), outputs in \(output)") }
  }
}

/// How the outputs of several samples become one array.
///
/// A model has a batch where one of its inputs begins with 1. Then outputs [1, …] are stacked along that dimension; all
/// others get a dimension of samples before their own. A sample that came without such a dimension gives outputs without it.
struct OutputLayout {
  private let hasBatch: Bool
  private let hasSampleAxis: Bool

  init(inputs: [ValueInfo], of data: DataSet) {
    hasBatch = inputs.contains { $0.type.shape.dims.first == 1 }
    hasSampleAxis = data.hasSampleAxis
  }

  func stacked(_ samples: [Tensor], as type: TensorType) throws -> Tensor {
    let own = type.shape.dims
    let rest = hasBatch && own.first == 1 ? Array(own.dropFirst()) : own
    let bytes = samples.flatMap { $0.littleEndianBytes }
    let whole = TensorType(type.dataType, Shape(hasSampleAxis ? [samples.count] + rest : own))
    guard let tensor = Tensor(whole, littleEndianBytes: bytes) else {
      throw InternalError("outputs of different shapes for \(type)")
    }
    return tensor
  }
}
