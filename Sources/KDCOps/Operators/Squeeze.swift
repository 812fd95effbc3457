import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Removes dimensions of 1: those of `axes`, or all. ONNX `Squeeze`, opsets 1, 11, 13, 21.
///
/// Axes are an attribute before opset 13 and a constant input after.
package struct Squeeze: ShapeChange, UnaryScalePassing {
  package static let onnxName = "Squeeze"
  package static let inputCount = 1...2
  /// From the attribute, opset < 13.
  package let axes: [Int]?

  package init(decoding node: Node) throws(Diagnostic) {
    axes = node.opset < 13 ? try node.optionalInts("axes") : nil
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "data").type
    return [TensorType(type.dataType, try target(of: type.shape, given: constantInts(inputs, 1, "axes")))]
  }

  func target(of shape: Shape, given: [Int]?) throws(Diagnostic) -> Shape {
    guard let axes = axes ?? given else { return Shape(shape.dims.filter { $0 != 1 }) }
    var removed: Set<Int> = []
    for axis in axes {
      let axis = try normalized(axis: axis, rank: shape.rank)
      guard shape[axis] == 1 else { throw shapeMismatch("axis \(axis) of \(shape) is not 1") }
      removed.insert(axis)
    }
    return Shape(shape.dims.indices.filter { !removed.contains($0) }.map { shape[$0] })
  }

  func scaled(
    _ own: ScaledChannels, _ node: Node, _ shape: Shape, _ result: Shape, in graph: Graph
  ) -> [ScaledChannels?]? {
    own.regrouped(shape, result).map { [$0] }
  }
}
