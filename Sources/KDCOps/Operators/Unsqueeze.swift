import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Inserts dimensions of 1 at `axes` of the result. ONNX `Unsqueeze`, opsets 1, 11, 13, 21.
///
/// Axes are an attribute before opset 13 and a constant input after.
package struct Unsqueeze: ShapeChange, UnaryScalePassing {
  package static let onnxName = "Unsqueeze"
  package static let inputCount = 1...2
  /// From the attribute, opset < 13.
  package let axes: [Int]?

  package init(decoding node: Node) throws(Diagnostic) {
    axes = node.opset < 13 ? try node.optionalInts("axes") ?? [] : nil
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "data").type
    if axes == nil { _ = try required(inputs, 1, "axes") }
    return [TensorType(type.dataType, try target(of: type.shape, given: constantInts(inputs, 1, "axes")))]
  }

  func target(of shape: Shape, given: [Int]?) throws(Diagnostic) -> Shape {
    let axes = axes ?? given ?? []
    let rank = shape.rank + axes.count
    var inserted: Set<Int> = []
    for axis in axes {
      guard inserted.insert(try normalized(axis: axis, rank: rank)).inserted else {
        throw Diagnostic(.invalidAttribute, "'Unsqueeze' has axis \(axis) twice")
      }
    }
    var rest = shape.dims.makeIterator()
    return Shape((0..<rank).map { inserted.contains($0) ? 1 : rest.next() ?? 1 })
  }

  func scaled(
    _ own: ScaledChannels, _ node: Node, _ shape: Shape, _ result: Shape, in graph: Graph
  ) -> [ScaledChannels?]? {
    own.regrouped(shape, result).map { [$0] }
  }
}
