import KDCGraph
import KDCTensor

/// Conv with constant weights → com.microsoft FusedConv with all attributes explicit and a bias, so that later stages
/// see one form. `auto_pad` becomes pads.
package enum CanonicalizeConvolution: GraphPass {
  package static let name = "canonicalize convolutions"

  package static func run(on graph: inout Graph) -> Int {
    graph.rewriteNodes { graph, index in
      let node = graph.nodes[index]
      guard node.isStandard("Conv"), let weight = graph.floatConstant(node.input(1)), weight.shape.rank >= 3,
        node.input(2) == nil || graph.floatConstant(node.input(2)) != nil,
        let input = node.input(0).flatMap({ graph.types[$0] })?.shape, input.rank == weight.shape.rank
      else { return false }
      let spatial = weight.shape.rank - 2
      let kernel = weight.shape.dims.dropFirst(2).map { Int64($0) }
      let ones = [Int64](repeating: 1, count: spatial)
      let strides = node.ints("strides") ?? ones
      let dilations = node.ints("dilations") ?? ones
      guard let pads = pads(of: node, Array(input.dims.dropFirst(2)), kernel, strides, dilations) else { return false }
      graph.editNode(at: index) {
        $0.opType = "FusedConv"
        $0.domain = "com.microsoft"
        $0.opset = 1
        $0.attributes = [
          "kernel_shape": .ints(kernel), "strides": .ints(strides), "dilations": .ints(dilations), "pads": .ints(pads),
          "group": .int(Int64(node.group)),
        ]
      }
      if node.input(2) == nil {
        let zeros = Tensor([weight.shape[0]], [Float](repeating: 0, count: weight.shape[0]))
        graph.setConstant(zeros, input: 2, ofNodeAt: index, name: node.name + ".bias")
      }
      return true
    }
  }

  /// The padding before each spatial axis, then after each.
  private static func pads(
    of node: Node, _ sizes: [Int], _ kernel: [Int64], _ strides: [Int64], _ dilations: [Int64]
  ) -> [Int64]? {
    guard case .string(let mode)? = node.attributes["auto_pad"], mode != "NOTSET" else {
      return node.ints("pads") ?? [Int64](repeating: 0, count: 2 * sizes.count)
    }
    guard mode != "VALID" else { return [Int64](repeating: 0, count: 2 * sizes.count) }
    guard mode == "SAME_UPPER" || mode == "SAME_LOWER" else { return nil }
    // SAME: the output has ceil(size / stride) elements; an odd one goes after (UPPER) or before (LOWER).
    let totals = sizes.indices.map { axis in
      let size = Int64(sizes[axis])
      let outputs = (size + strides[axis] - 1) / strides[axis]
      return max(0, (outputs - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1 - size)
    }
    let small = totals.map { $0 / 2 }
    let large = zip(totals, small).map { $0 - $1 }
    return mode == "SAME_UPPER" ? small + large : large + small
  }
}

extension Node {
  func ints(_ name: String) -> [Int64]? { if case .ints(let values)? = attributes[name] { values } else { nil } }
  func int(_ name: String) -> Int64? { if case .int(let value)? = attributes[name] { value } else { nil } }
  func float(_ name: String) -> Float? { if case .float(let value)? = attributes[name] { value } else { nil } }
}
