import KDCDiagnostics
import KDCGraph
import KDCTensor

/// The same elements under another shape. ONNX `Reshape`, opsets 5, 13, 14, 19, 21.
///
/// In the constant input `shape`, 0 keeps the input's dimension (unless `allowzero`), one −1 is computed.
package struct Reshape: ShapeChange, UnaryScalePassing, BatchSized {
  package static let onnxName = "Reshape"
  package static let inputCount = 2...2
  package let allowsZero: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    allowsZero = node.opset >= 14 ? try node.flag("allowzero", default: false) : false
  }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "data").type
    _ = try required(inputs, 1, "shape")
    return [TensorType(type.dataType, try target(of: type.shape, given: constantInts(inputs, 1, "shape")))]
  }

  func target(of shape: Shape, given: [Int]?) throws(Diagnostic) -> Shape {
    let wanted = given ?? []
    var dims = wanted
    var unknown: Int?
    for (axis, dim) in wanted.enumerated() {
      if dim == 0, !allowsZero {
        guard axis < shape.rank else {
          throw shapeMismatch("dimension \(axis) of \(Shape(wanted)) copies none of \(shape)")
        }
        dims[axis] = shape[axis]
      } else if dim == -1 {
        guard unknown == nil else { throw shapeMismatch("\(Shape(wanted)) has more than one −1") }
        unknown = axis
        dims[axis] = 1
      } else if dim < 0 {
        throw shapeMismatch("\(Shape(wanted)) has a negative dimension")
      }
    }
    guard let known = Shape(dims).checkedCount() else { throw shapeMismatch("\(shape) cannot become \(Shape(wanted))") }
    if let unknown {
      guard known > 0, shape.count % known == 0 else { throw shapeMismatch("\(shape) cannot become \(Shape(wanted))") }
      dims[unknown] = shape.count / known
    }
    guard Shape(dims).checkedCount() == shape.count else {
      throw shapeMismatch("\(shape) has \(shape.count) elements and cannot become \(Shape(wanted))")
    }
    return Shape(dims)
  }

  package func recount(_ node: inout Node, in removal: inout ChannelRemoval) throws {
    guard var dims = removal.recountedDims(of: node) else { return }
    // A 0 copies the input's dimension, which may lose channels that the output keeps.
    for (axis, dim) in dims.enumerated() where dim == 0 {
      let size = removal.size(node.outputs[0], axis)
      if removal.size(node.inputs[0], axis) != size { dims[axis] = size }
    }
    removal.set(dims, input: 1, of: &node)
  }

  func scaled(
    _ own: ScaledChannels, _ node: Node, _ shape: Shape, _ result: Shape, in graph: Graph
  ) -> [ScaledChannels?]? {
    own.regrouped(shape, result).map { [$0] }
  }
  package func grow(_ index: Int, in repair: inout BatchRepair) throws { try repair.reshape(index) }
}
