import KDCBundle
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCOps
import KDCTensor
import KDCTraining

/// A model file of any kind that kdc can run.
struct OpenedModel {
  let runner: any ModelRunner
  /// What runs it, for people: "machine code", "reference interpreter", "float evaluator".
  let means: String
  /// What outputs mean, where the file or the user says so.
  let outputKinds: [String: OutputKind]
  /// What reading the file changed, a sentence each.
  var notes: [String] = []

  /// Throws what is wrong with the file. `settings` and `outputKinds` are those of the command line.
  init(
    path: String, settings: InputSettings = InputSettings(), outputKinds given: [String: OutputKind] = [:],
    threads: Threads
  ) throws {
    let bytes = try Files.read(path)
    guard Bundle.looksLikeOne(bytes) else {
      var graph = try ModelFile.load(path, settings: settings)
      try graph.setOutputKinds(given)
      runner = try GraphRunner(graph)
      outputKinds = graph.outputKinds
      notes = graph.notes
      means = "float evaluator"
      return
    }
    let bundle = try Bundle(bytes, path: path)
    let program = try bundle.program()
    var ports = Graph(name: "", opset: 17, file: path, inputs: [], outputs: program.outputs.map(\.name), nodes: [])
    for port in program.outputs { ports.types[port.name] = port.info.type }
    for port in bundle.manifest.outputs { ports.outputKinds[port.name] = port.kind.flatMap(OutputKind.init) }
    try ports.setOutputKinds(given)
    outputKinds = ports.outputKinds
    if bundle.manifest.architecture == Machine.architecture?.rawValue {
      runner = try NativeRunner(bytes, program: program, threads: threads)
      means = "machine code"
    } else {
      runner = ProgramRunner(program)
      means = "reference interpreter"
    }
  }

  /// The outputs as they are judged.
  func heads(labels: [String: Tensor] = [:]) -> [Head] {
    runner.outputs.map {
      Head(name: $0.name, shape: $0.type.shape, labels: labels[$0.name], output: outputKinds[$0.name])
    }
  }
}
