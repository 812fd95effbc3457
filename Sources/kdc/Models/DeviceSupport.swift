import KDCCodegen
import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCPasses

/// What keeps a model from being compiled: the one place that decides it, for `kdc inspect` and `kdc compile`.
enum DeviceSupport {
  /// Every cause once, those of types and shapes before those of lowering. Empty: the model compiles.
  ///
  /// The model is brought into program steps just as `kdc compile` does it. What depends on a faulty node has no type; all
  /// the rest is judged nevertheless. Throws `InternalError` alone.
  static func faults(of model: Graph) throws -> [Diagnostic] {
    var graph = model
    var faults = graph.inferKnownTypes().faults
    faults += Emission.portFaults(of: graph)
    var sound = graph.soundPart
    guard !sound.nodes.isEmpty else { return faults }
    do {
      try Passes.run(on: &sound)
      _ = try lower(sound)
    } catch let list as DiagnosticList {
      faults += list.all
    } catch let fault as Diagnostic {
      faults.append(fault)
    }
    return faults
  }
}

extension Graph {
  /// The nodes whose types are all known and that depend on no other, as a graph. What the rest reads of them are outputs.
  fileprivate var soundPart: Graph {
    var part = self
    var unknown: Set<String> = []
    var wanted = Set(outputs)
    part.nodes = []
    for node in nodes {
      if node.reads.contains(where: unknown.contains)
        || node.outputs.contains(where: { !$0.isEmpty && types[$0] == nil })
      {
        unknown.formUnion(node.outputs)
        wanted.formUnion(node.reads)
      } else {
        part.nodes.append(node)
      }
    }
    if unknown.isEmpty { return self }
    let made = part.nodes.flatMap(\.outputs).filter { !$0.isEmpty && wanted.contains($0) }
    part.outputs = outputs.filter { !unknown.contains($0) && types[$0] != nil } + made.filter { !outputs.contains($0) }
    return part
  }
}
