import KDCDiagnostics
import KDCGraph
import KDCTensor

/// A matrix: axes before `axis` become rows, the others columns. ONNX `Flatten`, opsets 1, 9, 11, 13, 21.
package struct Flatten: ShapeChange, UnaryScalePassing {
  package static let onnxName = "Flatten"
  package let axis: Int

  package init(decoding node: Node) throws(Diagnostic) { axis = try node.int("axis", default: 1) }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "input").type
    return [TensorType(type.dataType, try target(of: type.shape, given: nil))]
  }

  func target(of shape: Shape, given: [Int]?) throws(Diagnostic) -> Shape {
    // The axis may equal the rank: everything is rows.
    let axis = axis == shape.rank ? axis : try normalized(axis: axis, rank: shape.rank)
    return [shape.dims[..<axis].reduce(1, *), shape.dims[axis...].reduce(1, *)]
  }

  func scaled(
    _ own: ScaledChannels, _ node: Node, _ shape: Shape, _ result: Shape, in graph: Graph
  ) -> [ScaledChannels?]? {
    own.regrouped(shape, result).map { [$0] }
  }
}
