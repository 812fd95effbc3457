import KDCGraph
import KDCONNX
import KDCOps
import KDCPasses
import KDCTraining

/// An ONNX file as every command reads it.
enum ModelFile {
  /// The graph with the branches of constant Ifs in place and without dead nodes, not yet typed: faults in a branch
  /// that is never taken are none.
  static func read(_ path: String, inputShapes: [String: [Int]]) throws -> Graph {
    var graph = try ONNXImporter.load(path: path, inputShapes: inputShapes)
    _ = try InlineConstantIf.run(on: &graph)
    _ = EliminateDeadCode.run(on: &graph)
    return graph
  }

  /// The same with every value's type. Throws a `DiagnosticList` with all faults.
  static func load(_ path: String, inputShapes: [String: [Int]]) throws -> Graph {
    var graph = try read(path, inputShapes: inputShapes)
    try graph.inferTypes()
    graph.recognizeOutputKinds()
    return graph
  }
}
