import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCPasses

/// What keeps a model from being compiled: the one place that decides it, for `kdc inspect` and
/// `kdc compile`.
package enum DeviceSupport {
  /// Every cause once, those of types and shapes before those of lowering. Empty: the model compiles.
  ///
  /// The model is brought into program steps just as `kdc compile` does it. What depends on a faulty node has no type; all
  /// the rest is judged nevertheless; so are values of `unknown`, whose faults are known. Throws `InternalError` alone.
  package static func faults(of model: Graph, unknown: Set<String> = []) throws -> [Diagnostic] {
    var graph = model
    var faults = graph.inferKnownTypes(unknown: unknown).faults
    faults += Emission.portFaults(of: graph)
    // A pass ends with the first node that it cannot rewrite: the next round judges the rest.
    for _ in 0..<mostRounds {
      let sound = graph.soundPart(without: unknown)
      guard !sound.nodes.isEmpty else { break }
      let (found, isComplete) = try compiling(sound)
      faults += found
      let places = Set(found.compactMap { $0.place?.detail })
      let faulty = graph.nodes.filter { $0.place.detail.map(places.contains) ?? false }
      guard !isComplete, !faulty.isEmpty else { break }
      for name in faulty.flatMap(\.outputs) { graph.types[name] = nil }
    }
    return faults
  }

  /// Nodes with causes that passes find, at most.
  private static let mostRounds = 32

  /// What passes or lowering refuse; whether that is all there is.
  private static func compiling(_ sound: Graph) throws -> (faults: [Diagnostic], isComplete: Bool) {
    var graph = sound
    var isCanonical = false
    do {
      try Passes.run(on: &graph)
      isCanonical = true
      _ = try lower(graph)
    } catch let list as DiagnosticList {
      return (list.all, isCanonical)
    } catch let fault as Diagnostic {
      return ([fault], isCanonical)
    }
    return ([], true)
  }
}

extension Graph {
  /// The nodes whose types are all known and that depend on no other, as a graph. What the rest reads of them are outputs.
  fileprivate func soundPart(without missing: Set<String>) -> Graph {
    var part = self
    var unknown = missing
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
    if part.nodes.count == nodes.count { return self }
    let made = part.nodes.flatMap(\.outputs).filter { !$0.isEmpty && wanted.contains($0) }
    part.outputs = outputs.filter { !unknown.contains($0) && types[$0] != nil } + made.filter { !outputs.contains($0) }
    return part
  }
}
