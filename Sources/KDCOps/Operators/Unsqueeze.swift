import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Inserts dimensions of 1 at `axes` of the result. ONNX `Unsqueeze`, opsets 1, 11, 13, 21.
///
/// Axes are an attribute before opset 13 and a constant input after.
package struct Unsqueeze: Quantizable, ShapeChange {
  package static let onnxName = "Unsqueeze"
  package static let inputCount = 1...2
  /// From the attribute, opset < 13.
  package let axes: [Int]?

  package init(decoding node: Node) throws(Diagnostic) {
    axes = node.opset < 13 ? try node.optionalInts("axes") ?? [] : nil
  }

  package var quantizationRule: QuantizationRule { .sameAsInput }

  package func outputTypes(_ inputs: [OperatorInput?]) throws(Diagnostic) -> [TensorType] {
    let type = try required(inputs, 0, "data").type
    if axes == nil { _ = try required(inputs, 1, "axes") }
    return [TensorType(type.dataType, try expanded(type.shape, given: constantInts(inputs, 1, "axes")))]
  }

  private func expanded(_ shape: Shape, given: [Int]?) throws(Diagnostic) -> Shape {
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

  package func evaluate(_ inputs: [Tensor?]) throws -> [Tensor] {
    let x = try inputs.required(0)
    return [x.reshaped(to: try expanded(x.shape, given: inputs.optionalInts(1)))]
  }
}

extension Unsqueeze: Lowerable {
  package func lower(_ node: Node, into lowering: inout Lowering) throws { try lowerView(node, into: &lowering) }
}
