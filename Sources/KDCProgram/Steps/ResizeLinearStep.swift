/// Separable linear interpolation of an int8 NHWC image with 8-bit weights:
///
///     y = clamp((Σ over 2×2 taps x[ry_t, rx_u, c] · wy_t · wx_u + 2^15) >> 16, −128, 127),  wy_0 + wy_1 = wx_0 + wx_1 = 256
///
/// `rows` is int32 [outputHeight, 3] of (first row, second row, weight of the second), `columns` [outputWidth, 3].
/// Input and output share scale and zero point. Nearest resize by any factor is the case of weights 0.
package struct ResizeLinearStep: Step {
  package static let kind = "resizeLinear"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var inputHeight, inputWidth, outputHeight, outputWidth, channels: Int
  package var rows: ConstantID
  package var columns: ConstantID

  package init(
    name: String, input: BufferID, output: BufferID, inputHeight: Int, inputWidth: Int, outputHeight: Int,
    outputWidth: Int, channels: Int, rows: ConstantID, columns: ConstantID
  ) {
    self.name = name
    self.input = input
    self.output = output
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.channels = channels
    self.rows = rows
    self.columns = columns
  }
  package var reads: [BufferID] { [input] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [rows, columns] }
}
