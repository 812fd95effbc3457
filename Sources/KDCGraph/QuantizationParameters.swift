/// Affine int8 quantisation: real = scale · (q − zeroPoint).
///
/// Activations: one scale, any zero point in −128...127. Weights: one scale per output channel (axis 0 of the
/// initializer for Conv; the output-feature axis for Gemm and MatMul), zero point 0, q in −127...127.
package struct QuantizationParameters: Hashable, Sendable, Codable {
  /// One element, or one per channel.
  package var scales: [Float]
  package var zeroPoint: Int
  /// Axis of the channels where `scales` has more than one element.
  package var axis: Int?
  /// 8; 7 for activations in −64...63 and weights in −63...63, which paired products take; 4 for weights in −8...7
  /// that are to be stored two a byte.
  package var bits = 8

  package init(scale: Float, zeroPoint: Int) {
    self.scales = [scale]
    self.zeroPoint = zeroPoint
  }

  package init(perChannel scales: [Float], axis: Int) {
    self.scales = scales
    self.zeroPoint = 0
    self.axis = axis
  }

  package var scale: Float { scales.first ?? 1 }

  /// The values of q of an activation.
  package var limits: ClosedRange<Int> { Self.limits(bits: bits) }
  package static func limits(bits: Int) -> ClosedRange<Int> { bits == 7 ? -64...63 : -128...127 }
}
