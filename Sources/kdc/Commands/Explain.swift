import ArgumentParser
import KDCBundle
import KDCCodegen
import KDCCompression
import KDCDiagnostics
import KDCGraph
import KDCPasses
import KDCProgram
import KDCTargets
import KDCTensor

/// `kdc explain FILE`: which kernel runs each layer on each target, why, and what it costs.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the kernel of each layer, why it was chosen, and its share of the time.",
    discussion: """
      Times are estimates of the compiler's cost model for one core. A bundle is explained for the targets it was made for, \
      an ONNX model as it would run as int8, whatever its calibration.

      EXAMPLES
        kdc explain model.kdb
        kdc explain student.onnx --target pi5 --refused
        kdc explain student.onnx --target pi4b --max-ram 64KB
        kdc explain student.onnx --target pi4b --activations float
        kdc explain --rise student.onnx --data eval.npz -o map.png
      """)

  @Argument(help: "A bundle or an ONNX model; with --rise, one or more ONNX models.")
  var files: [String]

  @Option(name: .customLong("target"), help: "Device to explain for; may be repeated. Required for an ONNX model.")
  var targets: [String] = []

  @Option(help: "How an ONNX model computes: int8 or float.")
  var activations: CompileRequest.Activations = .int8

  @Option(
    name: .customLong("max-ram"),
    help: ArgumentHelp(
      "Most memory that an inference works in: 256KB. Default: the limit that a bundle was made with.",
      valueName: "bytes"),
    transform: Quantity.bytes)
  var maxMemory: Int?

  @OptionGroup var inputs: InputOptions

  @Flag(help: "Show which pixels the answers of image models rest on; takes the options of `kdc rise`.")
  var rise = false

  @OptionGroup(visibility: .hidden) var saliency: SaliencyOptions

  @Flag(help: "Also print the kernels that were refused for each layer, and why.")
  var refused = false

  @Option(help: ArgumentHelp("Write the explanation as JSON to this file; - prints it alone.", valueName: "file"))
  var json: String?

  func validate() throws {
    if rise { return try saliency.requireAll() }
    guard files.count == 1 else { throw ValidationError("only --rise explains several models at once") }
    if saliency.data != nil || saliency.output != nil { throw ValidationError("--data and --output go with --rise") }
  }

  func run() throws {
    if rise { return try saliency.show(files, json: json) }
    let file = files[0]
    var used = FileUse()
    used.read(model: file)
    for target in Targets.files(of: targets) { used.read("a target", target) }
    used.write("--json", json)
    try used.check()
    let bytes = try Files.read(file)
    let known = try Targets.builtIn()
    var names = targets
    var memory = maxMemory
    let program: Program
    if Bundle.looksLikeOne(bytes) {
      let bundle = try Bundle(bytes, path: file)
      program = try bundle.program()
      if names.isEmpty { names = bundle.manifest.targets }
      memory = memory ?? bundle.manifest.memoryLimit
    } else {
      guard !names.isEmpty else {
        throw ValidationError("--target is missing; `kdc targets` lists the devices")
      }
      program = try lowered(file)
    }
    let explanation = try Explanation(of: program, on: known.find(names), memory: memory)
    try Console.result(explanation.text(refused: refused), or: explanation, to: json)
  }

  /// Most that one made-up sample may take to run.
  private static let mostBytes = 1 << 28
  private static let mostMacs = 1 << 38

  /// Throws KDC2026 for a model whose run would take minutes, or gigabytes.
  private func checkSize(of graph: Graph, _ file: String) throws(Diagnostic) {
    let (bytes, macs) = (graph.peakActivationBytes, graph.macs)
    guard bytes > Self.mostBytes || macs > Self.mostMacs else { return }
    throw Diagnostic(
      .tooLargeToExplain, "the model is too large to be run for an explanation of its int8 form",
      at: Place(file: file),
      notes: [
        "its activations take \(Figure.bytes(bytes)), and it has \(Figure.count(macs)) multiply-accumulates; at most "
          + "\(Figure.bytes(Self.mostBytes)) and \(Figure.count(Self.mostMacs)) are run"
      ],
      hint: "explain its bundle, or the float form with --activations float; or give a smaller --input-shape")
  }

  /// The program of the ONNX model. One made-up sample stands for calibration: kernels depend on shapes, hardly on values.
  private func lowered(_ file: String) throws -> Program {
    var graph = try ModelFile.load(file, settings: inputs.settings)
    try Passes.run(on: &graph)
    guard activations == .int8 else { return try lower(graph) }
    if !graph.givenQuantization.isEmpty { return try lower(try FileQuantization(graph, threads: .single).graph) }
    try checkSize(of: graph, file)
    var sample: [String: Tensor] = [:]
    for input in graph.inputs {
      let shape = input.type.shape
      // Any values that are not all alike.
      let values = (0..<shape.count).map { Float($0 &* 7919 % 2003) / 1001 - 1 }
      let zeros = Tensor(input.type, littleEndianBytes: [UInt8](repeating: 0, count: input.type.byteCount))
      sample[input.name] = input.type.dataType == .float32 ? Tensor(shape, values) : zeros
    }
    var options = Quantizer.Options()
    options.rangeMethod = .minMax
    options.searchesWeightScales = false
    return try lower(try Quantizer.quantize(graph, samples: [sample], options: options).graph)
  }
}
