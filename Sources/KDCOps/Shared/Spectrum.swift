import Foundation
import KDCDiagnostics
import KDCTensor

/// Discrete Fourier transforms as products with constant matrices.
extension Expansion {
  /// Σ x_t · e^(∓2πi·t·k / length), k = 0 ..< bins, over the last but one axis of [..., n, 1] (real) or [..., n, 2].
  ///
  /// Elements from `length` on are not read, those that are missing are zeros. The inverse divides by `length`.
  /// Gives [..., bins, 2].
  mutating func spectrum(
    _ value: String, length: Int, bins: Int, inverse: Bool
  ) throws(Diagnostic) -> String {
    var x = value
    let given = shape(of: x)
    let axis = given.rank - 2
    if given[axis] > length { x = try slice(x, axis: axis, 0..<length) }
    let outer = Array(given.dims.dropLast(2))
    let (count, parts) = (min(given[axis], length), given[axis + 1])
    let direction: Double = inverse ? 1 : -1
    let scale = inverse ? 1 / Double(length) : 1
    // The angle's multiple of a turn is taken off in integers, where nothing is rounded. Row t · parts + p is part p of x_t.
    let factors = try matrix(count * parts, bins * 2) { row, column in
      let turn = (row / parts * (column / 2)) % length
      let angle = direction * 2 * Double.pi * Double(turn) / Double(length)
      let (real, imaginary) = (scale * cos(angle), scale * sin(angle))
      switch (row % parts, column % 2) {
      case (0, 0): return Float(real)
      case (0, _): return Float(imaginary)
      case (_, 0): return Float(-imaginary)
      default: return Float(real)
      }
    }
    let rows = try reshape(x, to: Shape(outer + [count * parts]))
    return try reshape(add("MatMul", [rows, factors]), to: Shape(outer + [bins, 2]))
  }
}
