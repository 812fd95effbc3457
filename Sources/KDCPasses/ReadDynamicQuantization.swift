import KDCGraph
import KDCOps
import KDCTensor

/// Takes layers whose input is quantised while the model runs (DynamicQuantizeLinear, then MatMulInteger or ConvInteger with
/// constant weights, then scaling) for float layers with the weights' reals.
///
/// Such a model was quantised without samples. Its activations have no scales to keep; in float the layers differ from it by the
/// rounding of their inputs alone, and become integer layers with samples. The weights keep their steps.
package enum ReadDynamicQuantization: GraphPass {
  package static let name = "read dynamic quantisation"

  package static func run(on graph: inout Graph) throws -> Int {
    guard graph.nodes.contains(where: { isDynamic($0) || isFused($0) }) else { return 0 }
    var changes = graph.replaceNodes { graph, node in
      isFused(node) ? fused(node, in: &graph) : nil
    }
    let uses = graph.uses()
    let before = graph
    changes += graph.replaceNodes { graph, node in
      layer(node, in: before, uses).map { layer(for: node, $0, in: &graph) }
    }
    return changes
  }

  private static func isDynamic(_ node: Node) -> Bool { node.isStandard("DynamicQuantizeLinear") }
  private static func isFused(_ node: Node) -> Bool {
    node.domain == "com.microsoft" && node.opType == "DynamicQuantizeMatMul"
  }

  /// DynamicQuantizeMatMul with constant weights.
  private static func fused(_ node: Node, in graph: inout Graph) -> [Node]? {
    guard let a = node.input(0), let b = node.input(1), let scale = node.input(2),
      let shape = graph.initializers[b]?.shape,
      graph.initializers[scale] != nil, node.input(3).map({ graph.initializers[$0] != nil }) ?? true
    else { return nil }
    let found = Layer(
      node: node, input: a, weights: b, zeroPoint: node.input(3), scale: scale, axis: max(shape.rank - 1, 0))
    var result = layer(for: node, found, in: &graph)
    guard let bias = node.input(4) else { return result }
    let product = graph.freshName(node.outputs[0] + ".product")
    result[result.count - 1].outputs = [product]
    return result + [
      Node(
        name: graph.freshNodeName(node.name + ".bias"), opType: "Add", opset: Expansion.opset, inputs: [product, bias],
        outputs: node.outputs)
    ]
  }

  /// What is quantised while the model runs, and by what it is multiplied.
  private struct Layer {
    var node: Node
    var input: String
    var weights: String
    var zeroPoint: String?
    var scale: String
    /// The axis of the weights' scales.
    var axis: Int
  }

  /// The layer whose sums `product`, a Mul, brings to reals: Mul(Cast(MatMulInteger(q, W, …)), Mul(scale of q, scale of W)).
  private static func layer(_ product: Node, in graph: Graph, _ uses: ValueUses) -> Layer? {
    guard product.isStandard("Mul"), product.inputs.count == 2 else { return nil }
    func producer(_ value: String?) -> Node? { value.flatMap { uses.producers[$0] }.map { graph.nodes[$0] } }
    for (sums, scales) in [(0, 1), (1, 0)] {
      guard let cast = producer(product.inputs[sums]), cast.isStandard("Cast"), cast.attributes.int("to") == 1,
        let integer = producer(cast.input(0)), integer.isStandard("MatMulInteger", "ConvInteger"),
        let dynamic = producer(integer.input(0)), isDynamic(dynamic), let input = dynamic.input(0),
        dynamic.outputs[0] == integer.input(0), dynamic.outputs.count == 3, integer.input(2) == dynamic.outputs[2],
        let weights = integer.input(1), let tensor = graph.initializers[weights],
        integer.input(3).map({ graph.initializers[$0] != nil }) ?? true,
        let both = producer(product.inputs[scales]), both.isStandard("Mul"), both.inputs.count == 2,
        let own = both.inputs.firstIndex(of: dynamic.outputs[1]), let scale = graph.initializers[both.inputs[1 - own]],
        scale.floats != nil
      else { continue }
      let isMatrix = integer.opType == "MatMulInteger"
      // Scales of columns lie along the last axis, as the product does; of a convolution one is for all.
      guard scale.count == 1 || (isMatrix && scale.shape.rank == 1 && scale.count == tensor.shape.dims.last) else {
        continue
      }
      return Layer(
        node: integer, input: input, weights: weights, zeroPoint: integer.input(3), scale: both.inputs[1 - own],
        axis: isMatrix ? max(tensor.shape.rank - 1, 0) : 0)
    }
    return nil
  }

  /// The float layer, whose result has the name of that of `node`.
  private static func layer(for node: Node, _ layer: Layer, in graph: inout Graph) -> [Node] {
    let reals = graph.freshName(layer.weights + ".real")
    var scale = layer.scale
    if let tensor = graph.initializers[scale], tensor.count == 1, tensor.shape.rank > 0 {
      scale = graph.addInitializer(scale, tensor.reshaped(to: []))
    }
    var operands = [layer.weights, scale]
    if let name = layer.zeroPoint, let zero = graph.initializers[name], let scales = graph.initializers[scale] {
      // One zero point may be for several scales.
      if zero.count == scales.count {
        operands.append(graph.addInitializer(name, zero.reshaped(to: scales.shape)))
      } else if zero.count == 1 {
        operands.append(graph.addInitializer(name, zero.expanded(to: scales.shape)))
      }
    }
    let isMatrix = layer.node.opType != "ConvInteger"
    return [
      Node(
        name: graph.freshNodeName(layer.weights), opType: "DequantizeLinear", opset: Expansion.opset, inputs: operands,
        outputs: [reals], attributes: ["axis": .int(Int64(layer.axis))]),
      Node(
        name: node.name, opType: isMatrix ? "MatMul" : "Conv", opset: Expansion.opset, inputs: [layer.input, reals],
        outputs: node.outputs, attributes: isMatrix ? [:] : layer.node.attributes),
    ]
  }
}

extension [String: Attribute] {
  fileprivate func int(_ name: String) -> Int64? { if case .int(let value)? = self[name] { value } else { nil } }
}
