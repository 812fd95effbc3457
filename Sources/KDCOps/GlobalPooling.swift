import KDCDiagnostics
import KDCTensor

/// What the global pools share.
extension Operator {
  /// [N, C, 1…] for [N, C, spatial…]. Throws KDC2014 without spatial elements.
  func globalPoolShape(_ x: Shape) throws(Diagnostic) -> Shape {
    guard x.rank >= 3, !x.dims[2...].contains(0) else {
      throw shapeMismatch("X \(x) must have batch, channels and spatial elements")
    }
    return Shape(x.dims[..<2] + [Int](repeating: 1, count: x.rank - 2))
  }

  /// One value for each plane of [N, C, spatial…].
  func mapPlanes(_ values: [Float], of shape: Shape, _ body: (UnsafePointer<Float>, Int) -> Float) -> [Float] {
    let planes = shape[0] * shape[1]
    let count = shape.dims[2...].reduce(1, *)
    return values.withPointer { base in (0..<planes).map { body(base + $0 * count, count) } }
  }
}
