import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Crops axes that are longer than wanted and pads shorter ones with zeros, both evenly at the two ends; an odd element is
/// at the end. ONNX `CenterCropPad`, opset 18. The wanted sizes are constant.
package struct CenterCropPad: Expanding {
  package static let onnxName = "CenterCropPad"
  package static let inputCount = 2...2
  package let axes: [Int]?

  package init(decoding node: Node) throws(Diagnostic) { axes = try node.optionalInts("axes") }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let shape = try required(inputs, 0, "input_data").type.shape
    let wanted = try constantInts(inputs, 1, "shape") ?? []
    var axes: [Int] = []
    for axis in self.axes ?? Array(0..<shape.rank) { axes.append(try normalized(axis: axis, rank: shape.rank)) }
    guard axes.count == wanted.count, Set(axes).count == axes.count, wanted.allSatisfy({ (0...1 << 40).contains($0) })
    else { throw shapeMismatch("shape \(wanted) must have a size for each of the \(axes.count) axes") }
    var value = expansion.inputs[0] ?? ""
    var pads = [Int](repeating: 0, count: 2 * shape.rank)
    for (axis, size) in zip(axes, wanted) {
      let (extra, start) = (shape[axis] - size, abs(shape[axis] - size) / 2)
      if extra > 0 {
        value = try expansion.slice(value, axis: axis, start..<start + size)
      } else {
        (pads[axis], pads[axis + shape.rank]) = (start, -extra - start)
      }
    }
    if pads.contains(where: { $0 > 0 }) {
      value = try expansion.add("Pad", [value, expansion.integers(pads)])
    } else if value == expansion.inputs[0] {
      value = try expansion.add("Identity", [value])
    }
    expansion.outputs = [value]
  }
}
