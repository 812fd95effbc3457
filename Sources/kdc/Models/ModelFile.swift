import KDCCodegen
import KDCDiagnostics
import KDCGraph
import KDCONNX
import KDCOps
import KDCPasses
import KDCTraining

/// An ONNX file as every command reads it.
enum ModelFile {
  /// The graph with branches and loops written out and without dead nodes, not yet typed: faults in a branch that is never
  /// taken are none.
  static func read(_ path: String, settings: InputSettings = InputSettings()) throws -> Graph {
    var graph = try ONNXImporter.load(path: path, settings: settings)
    try graph.prepare()
    return graph
  }

  /// The same, with everything that keeps the model from being compiled: what is wrong with the file, what kdc lacks. Throws these
  /// together where there is no graph to go on with.
  static func judged(
    _ path: String, settings: InputSettings = InputSettings()
  ) throws -> (graph: Graph, faults: [Diagnostic]) {
    let found = try ONNXImporter.examine(path: path, settings: settings)
    var graph = found.graph
    do { try graph.prepare() } catch let list as DiagnosticList {
      throw DiagnosticList(found.faults + list.all)
    } catch let fault as Diagnostic {
      throw DiagnosticList(found.faults + [fault])
    }
    let others = try DeviceSupport.faults(of: graph, unknown: found.unknown)
    guard found.faults.isEmpty else { throw DiagnosticList(found.faults + others) }
    return (graph, others)
  }

  /// The same with every value's type. Throws a `DiagnosticList` with all faults.
  static func load(_ path: String, settings: InputSettings = InputSettings()) throws -> Graph {
    var graph = try read(path, settings: settings)
    try graph.inferTypes()
    graph.recognizeOutputKinds()
    return graph
  }
}
