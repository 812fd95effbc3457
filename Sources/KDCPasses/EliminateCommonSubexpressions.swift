import KDCGraph
import KDCTensor

/// Computes equal things once: nodes of the same operator with the same attributes and inputs.
package enum EliminateCommonSubexpressions: GraphPass {
  package static let name = "eliminate common subexpressions"

  private struct Key: Hashable {
    var opType: String
    var domain: String
    var opset: Int
    var inputs: [String]
    var outputs: [Bool]
    var attributes: [String]
  }

  package static func run(on graph: inout Graph) -> Int {
    let outputs = Set(graph.outputs)
    var seen: [Key: Node] = [:]
    var kept: [Node] = []
    // Values that are no more, and what took their place.
    var replaced: [String: String] = [:]
    for var node in graph.nodes {
      if !replaced.isEmpty {
        for read in Set(node.reads) {
          if let new = replaced[read] { node.replaceReads(of: read, with: new) }
        }
      }
      // Graph outputs keep their names, so two of them cannot become one value.
      guard let key = key(node), !node.outputs.contains(where: outputs.contains) else {
        kept.append(node)
        continue
      }
      guard let first = seen[key] else {
        seen[key] = node
        kept.append(node)
        continue
      }
      for (old, new) in zip(node.outputs, first.outputs) where !old.isEmpty {
        replaced[old] = new
        graph.types[old] = nil
      }
    }
    let changes = graph.nodes.count - kept.count
    graph.nodes = kept
    return changes
  }

  /// What makes two nodes equal; nil for nodes that are not compared (tensors and graphs in attributes).
  private static func key(_ node: Node) -> Key? {
    var attributes: [String] = []
    for name in node.attributes.keys.sorted() {
      let value: String
      switch node.attributes[name] {
      case .int(let int): value = "i\(int)"
      case .float(let float): value = "f\(float.bitPattern)"
      case .string(let string): value = "s\(string)"
      case .ints(let ints): value = "I\(ints)"
      case .floats(let floats): value = "F\(floats.map(\.bitPattern))"
      case .strings(let strings): value = "S\(strings)"
      default: return nil
      }
      attributes.append("\(name)=\(value)")
    }
    return Key(
      opType: node.opType, domain: node.domain, opset: node.opset, inputs: node.inputs,
      outputs: node.outputs.map(\.isEmpty), attributes: attributes)
  }
}
