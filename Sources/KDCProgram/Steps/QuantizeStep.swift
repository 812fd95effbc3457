/// float32 → int8.
///
///     t = x · inverseScale; t = −512 unless t > −512; t = 511 where t > 511      (so NaN gives −512)
///     y = clamp(roundToNearestEven(t) + zeroPoint, −128, 127)
///
/// Operands of `walk`: [input, output]; it may reorder NCHW to NHWC on the way, and y is dense in loop order.
package struct QuantizeStep: Step {
  package static let kind = "quantize"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var walk: Walk
  package var inverseScale: Float
  package var zeroPoint: Int

  package init(
    name: String, input: BufferID, output: BufferID, walk: Walk, inverseScale: Float, zeroPoint: Int
  ) {
    self.name = name
    self.input = input
    self.output = output
    self.walk = walk
    self.inverseScale = inverseScale
    self.zeroPoint = zeroPoint
  }
  package var reads: [BufferID] { [input] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [] }
}
