import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Discrete Fourier transform along an axis of [..., 1] (real) or [..., 2] (complex) values. ONNX `DFT`, opsets 17, 20.
///
/// dft_length and, from opset 20 on, axis are constant inputs. One-sided gives bins 0 … dft_length / 2 of real values.
package struct DFT: Expanding {
  package static let onnxName = "DFT"
  package static let inputCount = 1...3
  package let isInverse, isOneSided: Bool
  /// From the attribute; an input from opset 20 on.
  package let axis: Int?

  package init(decoding node: Node) throws(Diagnostic) {
    isInverse = try node.flag("inverse", default: false)
    isOneSided = try node.flag("onesided", default: false)
    axis = node.opset < 20 ? try node.int("axis", default: 1) : nil
    if isInverse, isOneSided { throw node.unsupported("'DFT' with inverse and onesided") }
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let x = try float(inputs, 0, "input", &expansion)
    let shape = expansion.shape(of: x)
    guard shape.rank >= 2, shape[shape.rank - 1] == 1 || shape[shape.rank - 1] == 2 else {
      throw shapeMismatch("input \(shape) must end with an axis of 1 (real) or 2 (complex)")
    }
    guard !isOneSided || shape[shape.rank - 1] == 1 else {
      throw shapeMismatch("input \(shape) is complex, which has no one-sided spectrum")
    }
    let given = try constantInt(inputs, 2, "axis")
    let axis = try normalized(axis: self.axis ?? given ?? -2, rank: shape.rank)
    let length = try constantInt(inputs, 1, "dft_length") ?? shape[axis]
    guard axis < shape.rank - 1, (1...1 << 20).contains(length), shape[axis] > 0 else {
      throw shapeMismatch("\(length) elements of axis \(axis) of input \(shape)")
    }
    let moved = try expansion.move(x, axis: axis, to: shape.rank - 2)
    let y = try expansion.spectrum(
      moved, length: length, bins: isOneSided ? length / 2 + 1 : length, inverse: isInverse)
    try finish(inputs, [expansion.move(y, axis: shape.rank - 2, to: axis)], &expansion)
  }
}
