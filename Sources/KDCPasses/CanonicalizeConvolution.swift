import KDCGraph
import KDCOps
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
      guard let conv = try? Conv(decoding: node),
        let axes = try? conv.window.resolve(conv, input: input, kernel: Array(weight.shape.dims[2...]))
      else { return false }
      func list(_ value: (SpatialWindow.Axis) -> Int) -> [Int64] { axes.map { Int64(value($0)) } }
      graph.editNode(at: index) {
        $0.opType = "FusedConv"
        $0.domain = "com.microsoft"
        $0.opset = 1
        $0.attributes = [
          "kernel_shape": .ints(list(\.kernel)), "strides": .ints(list(\.stride)), "dilations": .ints(list(\.dilation)),
          "pads": .ints(list(\.padBegin) + list(\.padEnd)), "group": .int(Int64(conv.group)),
        ]
      }
      if node.input(2) == nil {
        let zeros = Tensor([weight.shape[0]], [Float](repeating: 0, count: weight.shape[0]))
        graph.setConstant(zeros, input: 2, ofNodeAt: index, name: node.name + ".bias")
      }
      return true
    }
  }
}

extension Node {
  func ints(_ name: String) -> [Int64]? { if case .ints(let values)? = attributes[name] { values } else { nil } }
  func int(_ name: String) -> Int64? { if case .int(let value)? = attributes[name] { value } else { nil } }
  func float(_ name: String) -> Float? { if case .float(let value)? = attributes[name] { value } else { nil } }
}
