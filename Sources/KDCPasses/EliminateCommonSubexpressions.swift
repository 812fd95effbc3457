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
    var seen: [Key: Node] = [:]
    var changes = 0
    var index = 0
    while index < graph.nodes.count {
      let node = graph.nodes[index]
      // Graph outputs keep their names, so two of them cannot become one value.
      guard let key = key(node), !node.outputs.contains(where: graph.outputs.contains) else {
        index += 1
        continue
      }
      guard let first = seen[key] else {
        seen[key] = node
        index += 1
        continue
      }
      for (old, new) in zip(node.outputs, first.outputs) where !old.isEmpty { graph.replaceUses(of: old, with: new) }
      graph.nodes.remove(at: index)
      changes += 1
    }
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
