/// Separable linear interpolation of a float32 NHWC image:
///
///     a = x[r0,c0] · (1 − wx) + x[r0,c1] · wx;  b = the same on row r1;  y = a · (1 − wy) + b · wy
///
/// `rows` is int32 [outputHeight, 2], `rowWeights` float32 [outputHeight]; columns alike. (1 − w) is rounded once.
package struct FloatResizeStep: ImageResizeStep {
  package static let kind = "floatResize"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var inputHeight, inputWidth, outputHeight, outputWidth, channels: Int
  package var rows: ConstantID
  package var columns: ConstantID
  package var rowWeights: ConstantID
  package var columnWeights: ConstantID

  package init(
    name: String, input: BufferID, output: BufferID, inputHeight: Int, inputWidth: Int, outputHeight: Int,
    outputWidth: Int, channels: Int, rows: ConstantID, columns: ConstantID, rowWeights: ConstantID,
    columnWeights: ConstantID
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
    self.rowWeights = rowWeights
    self.columnWeights = columnWeights
  }
  package var constants: [ConstantID] { [rows, columns, rowWeights, columnWeights] }
}

extension FloatResizeStep {
  static let lineLength = 2

  package func run(_ memory: inout Memory) {
    let rowWeights = memory.pointer(rowWeights, as: Float.self)
    let columnWeights = memory.pointer(columnWeights, as: Float.self)
    forEachPixel(&memory) { (x: ResizeWindow<Float>, oy, ox) in
      let (wy1, wx1) = (rowWeights[oy], columnWeights[ox])
      let (wy0, wx0) = (1 - wy1, 1 - wx1)
      for c in 0..<channels {
        let upper = x.topLeft[c] * wx0 + x.topRight[c] * wx1
        let lower = x.bottomLeft[c] * wx0 + x.bottomRight[c] * wx1
        x.output[c] = upper * wy0 + lower * wy1
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    checkImages(&check, elementBytes: 4)
    check.constant(rowWeights, .float32, outputHeight, named: "rowWeights")
    check.constant(columnWeights, .float32, outputWidth, named: "columnWeights")
  }
}
