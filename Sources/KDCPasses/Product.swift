import KDCGraph
import KDCTensor

/// A value as a product of a number and of other values, multiplied element by element in whatever order and grouping.
struct Product {
  private(set) var number: Float = 1
  /// Values of the product's own shape, sorted; one that is squared is there twice.
  private(set) var factors: [String] = []

  /// More factors than any pattern has: what has as many is not taken apart further.
  private static let mostFactors = 6

  /// - Parameter whole: values that are not taken apart.
  init(_ value: String, in graph: Graph, uses: ValueUses, whole: Set<String> = []) {
    let type = graph.types[value]
    var pending = [value]
    while let name = pending.popLast() {
      guard !whole.contains(name), pending.count + factors.count < Self.mostFactors,
        let index = uses.producers[name], let parts = Self.parts(graph.nodes[index], graph),
        parts.values.allSatisfy({ graph.types[$0] == type })
      else {
        factors.append(name)
        continue
      }
      number *= parts.number
      pending += parts.values
    }
    factors.sort()
  }

  /// Whether this is `number` times these factors. Numbers in files are rounded, those of float16 models to 11 bits.
  func isProduct(of number: Float, _ factors: [String]) -> Bool {
    abs(self.number - number) <= 5e-4 * abs(number) && self.factors == factors.sorted()
  }

  /// What one node multiplies; nil where it does something else.
  private static func parts(_ node: Node, _ graph: Graph) -> (number: Float, values: [String])? {
    guard node.domain.isEmpty, node.inputs.count == 2 else { return nil }
    switch node.opType {
    case "Mul":
      if let (value, scalar) = graph.valueAndScalar(node) { return (scalar, [value]) }
      return (1, node.inputs)
    case "Div":
      guard let (value, scalar) = graph.valueAndScalar(node, commutes: false), scalar != 0 else { return nil }
      return (1 / scalar, [value])
    case "Pow":
      guard let (value, scalar) = graph.valueAndScalar(node, commutes: false), scalar == 2 || scalar == 3 else {
        return nil
      }
      return (1, [String](repeating: value, count: Int(scalar)))
    default: return nil
    }
  }
}
