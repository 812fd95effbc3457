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

  /// The same with every value's type. Throws a `DiagnosticList` with all faults.
  static func load(_ path: String, settings: InputSettings = InputSettings()) throws -> Graph {
    var graph = try read(path, settings: settings)
    try graph.inferTypes()
    graph.recognizeOutputKinds()
    return graph
  }
}
