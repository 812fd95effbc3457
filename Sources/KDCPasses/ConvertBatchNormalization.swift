import KDCGraph
import KDCTensor

/// Turns a BatchNormalization that nothing could take in into a depthwise 1×1 FusedConv, which has integer kernels and
/// takes the following activation; for matrices, and for inputs of the model, into a Mul and an Add.
package enum ConvertBatchNormalization: GraphPass {
  package static let name = "convert batch normalization"

  package static func run(on graph: inout Graph) -> Int {
    graph.replaceNodes { graph, node in
      guard let affine = BatchNormalizationParameters(node, in: graph)?.affine, let input = node.input(0),
        let rank = graph.types[input]?.shape.rank, rank >= 2
      else { return nil }
      let channels = affine.scale.count
      let (scale, shift) = (affine.scale.map { Float($0) }, affine.shift.map { Float($0) })
      if rank == 2 || graph.isNearInput(input, graph.uses()) {
        let perChannel = Shape([channels] + [Int](repeating: 1, count: rank - 2))
        let factor = graph.addInitializer(node.name + ".scale", Tensor(perChannel, scale))
        let offset = graph.addInitializer(node.name + ".shift", Tensor(perChannel, shift))
        let product = graph.freshName(node.outputs[0] + ".scaled")
        graph.types[product] = graph.types[input]
        return [
          Node(
            name: graph.freshNodeName(node.name + ".scale"), opType: "Mul", opset: graph.opset,
            inputs: [input, factor], outputs: [product]),
          Node(
            name: node.name, opType: "Add", opset: graph.opset, inputs: [product, offset], outputs: [node.outputs[0]]),
        ]
      }
      let spatial = rank - 2
      let ones = [Int64](repeating: 1, count: spatial)
      let weight = Tensor(Shape([channels, 1] + ones.map { Int($0) }), scale)
      let weightName = graph.addInitializer(node.name + ".weight", weight)
      let biasName = graph.addInitializer(node.name + ".bias", Tensor([channels], shift))
      return [
        Node(
          name: node.name, opType: "FusedConv", domain: "com.microsoft", opset: 1,
          inputs: [input, weightName, biasName], outputs: [node.outputs[0]],
          attributes: [
            "kernel_shape": .ints(ones), "strides": .ints(ones), "dilations": .ints(ones),
            "group": .int(Int64(channels)), "pads": .ints([Int64](repeating: 0, count: 2 * spatial)),
          ])
      ]
    }
  }
}
