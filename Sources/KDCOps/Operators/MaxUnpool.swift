import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Zeros with the elements of X at the places that MaxPool's Indices give. ONNX `MaxUnpool`, opsets 9, 11, 22.
///
/// The output is as large as what MaxPool with kernel_shape, strides and pads was of; a larger `output_shape`, known when
/// compiling, has zeros behind it.
package struct MaxUnpool: Expanding {
  package static let onnxName = "MaxUnpool"
  package static let inputCount = 2...3
  package let window: SpatialWindow

  package init(decoding node: Node) throws(Diagnostic) { window = try SpatialWindow(decoding: node) }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try required(inputs, 0, "X").type
    let indices = try required(inputs, 1, "I").type
    guard indices.dataType == .int64, indices.shape == x.shape else {
      throw shapeMismatch("X is \(x) and I is \(indices), must be int64 of one shape with it")
    }
    let (kernel, strides, _, pads) = try window.lists(self, input: x.shape)
    var dims = Array(x.shape.dims[..<2])
    for axis in kernel.indices {
      let size = (x.shape[axis + 2] - 1) * strides[axis] + kernel[axis] - pads[axis] - pads[axis + kernel.count]
      guard size > 0 else { throw shapeMismatch("pads \(pads) leave nothing of axis \(axis + 2) of X \(x.shape)") }
      dims.append(size)
    }
    let size = Shape(dims)
    guard let count = size.checkedCount(limit: 1 << 40) else { throw shapeMismatch("the output \(size) is too large") }
    let zero = expansion.constant(Tensor([1], [Float(0)]).cast(to: x.dataType))
    let empty = try expansion.add("Expand", [zero, expansion.integers([count])])
    let flat = try expansion.add(
      "ScatterElements",
      [
        empty, expansion.reshape(expansion.inputs[1] ?? "", to: [x.shape.count]),
        expansion.reshape(expansion.inputs[0] ?? "", to: [x.shape.count]),
      ])
    var y = try expansion.reshape(flat, to: size)
    if let wanted = try constantInts(inputs, 2, "output_shape") {
      guard wanted.count == dims.count, zip(wanted, dims).allSatisfy({ $0 >= $1 }) else {
        throw shapeMismatch("output_shape \(Shape(wanted)) must not be smaller than \(size)")
      }
      let more = zip(wanted, dims).map { $0 - $1 }
      if more.contains(where: { $0 > 0 }) {
        y = try expansion.add("Pad", [y, expansion.integers(more.map { _ in 0 } + more)])
      }
    }
    expansion.outputs = [y]
  }
}
