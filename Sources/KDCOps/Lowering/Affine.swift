import KDCGraph
import KDCProgram

/// How reals are represented in int8: real = scale · (q − zeroPoint), q within `limits`.
package struct Affine: Hashable, Sendable {
  package var scale: Float
  package var zeroPoint: Int
  package var bits = 8

  package var limits: ClosedRange<Int> { QuantizationParameters.limits(bits: bits) }

  func real(_ q: Int) -> Float { Float(q - zeroPoint) * scale }

  func quantized(_ x: Float) -> Int8 {
    let q = Int(QuantizeStep.quantize(x, inverseScale: 1 / scale, zeroPoint: zeroPoint))
    return Int8(truncatingIfNeeded: min(max(q, limits.lowerBound), limits.upperBound))
  }

  /// f of every int8 value, in the representation `output`.
  func table(to output: Affine, _ f: (Float) -> Float) -> [Int8] {
    (-128...127).map { output.quantized(f(real($0))) }
  }
}
