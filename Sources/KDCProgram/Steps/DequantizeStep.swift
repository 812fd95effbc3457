/// int8 → float32: y = (x − zeroPoint) · scale, one float multiplication.
///
/// Operands of `walk`: [input, output]; it may reorder NHWC to NCHW on the way, and y is dense in loop order.
package struct DequantizeStep: Step {
  package static let kind = "dequantize"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var walk: Walk
  package var scale: Float
  package var zeroPoint: Int

  package init(name: String, input: BufferID, output: BufferID, walk: Walk, scale: Float, zeroPoint: Int) {
    self.name = name
    self.input = input
    self.output = output
    self.walk = walk
    self.scale = scale
    self.zeroPoint = zeroPoint
  }
  package var reads: [BufferID] { [input] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [] }
}
