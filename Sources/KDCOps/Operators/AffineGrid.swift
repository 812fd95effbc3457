import KDCDiagnostics
import KDCGraph
import KDCTensor

/// Sampling positions of affine maps. ONNX `AffineGrid`, opset 20.
///
/// theta [N, 2, 3] and size N, C, H, W give [N, H, W, 2]; theta [N, 3, 4] and size N, C, D, H, W give [N, D, H, W, 3].
/// `size` is constant. Positions run from −1 to 1, between the centres of the outer pixels with align_corners, between their
/// outer edges otherwise; x comes first.
package struct AffineGrid: Expanding {
  package static let onnxName = "AffineGrid"
  package static let inputCount = 2...2
  package let alignsCorners: Bool

  package init(decoding node: Node) throws(Diagnostic) {
    alignsCorners = try node.flag("align_corners", default: false)
  }

  package func expand(_ inputs: [OperatorInput?], into expansion: inout Expansion) throws(Diagnostic) {
    let theta = try float(inputs, 0, "theta", &expansion)
    let shape = expansion.shape(of: theta)
    let size = try constantInts(inputs, 1, "size") ?? []
    let sides = Array(size.dropFirst(2))
    guard sides.count == 2 || sides.count == 3, shape.dims == [size[0], sides.count, sides.count + 1],
      sides.allSatisfy({ $0 > 0 }), let pixels = Shape(sides).checkedCount()
    else {
      throw shapeMismatch("theta \(shape) must be [N,2,3] for a size N,C,H,W or [N,3,4] for N,C,D,H,W, not \(size)")
    }
    let strides = Shape(sides).strides
    let places = try expansion.matrix(pixels, sides.count + 1) { pixel, column in
      guard column < sides.count else { return 1 }
      let axis = sides.count - 1 - column
      return position(pixel / strides[axis] % sides[axis], of: sides[axis])
    }
    let grid = try expansion.add("MatMul", [places, expansion.transpose(theta, [0, 2, 1])])
    try finish(inputs, [expansion.reshape(grid, to: Shape([size[0]] + sides + [sides.count]))], &expansion)
  }

  private func position(_ index: Int, of count: Int) -> Float {
    if alignsCorners { return count > 1 ? Float(2 * index) / Float(count - 1) - 1 : 0 }
    return Float(2 * index + 1) / Float(count) - 1
  }
}
