/// Separable linear interpolation of an int8 NHWC image with 8-bit weights:
///
///     y = clamp((Σ over 2×2 taps x[ry_t, rx_u, c] · wy_t · wx_u + 2^15) >> 16, −128, 127),  wy_0 + wy_1 = wx_0 + wx_1 = 256
///
/// `rows` is int32 [outputHeight, 3] of (first row, second row, weight of the second), `columns` [outputWidth, 3].
/// Input and output share scale and zero point. Nearest resize by any factor is the case of weights 0.
package struct ResizeLinearStep: ImageResizeStep {
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
  package var constants: [ConstantID] { [rows, columns] }
}

extension ResizeLinearStep {
  static let lineLength = 3

  package func run(_ memory: inout Memory) {
    let (rows, columns) = (memory.pointer(rows, as: Int32.self), memory.pointer(columns, as: Int32.self))
    forEachPixel(&memory) { (x: ResizeWindow<Int8>, oy, ox) in
      let (wy1, wx1) = (rows[oy &* 3 &+ 2], columns[ox &* 3 &+ 2])
      let (wy0, wx0) = (256 &- wy1, 256 &- wx1)
      for c in 0..<channels {
        let upper = Int32(x.topLeft[c]) &* wx0 &+ Int32(x.topRight[c]) &* wx1
        let lower = Int32(x.bottomLeft[c]) &* wx0 &+ Int32(x.bottomRight[c]) &* wx1
        let sum = upper &* wy0 &+ lower &* wy1 &+ (1 << 15)
        x.output[c] = Int8(truncatingIfNeeded: min(max(sum &>> 16, -128), 127))
      }
    }
  }

  package func check(_ check: inout StepCheck) { checkImages(&check, elementBytes: 1) }
}
