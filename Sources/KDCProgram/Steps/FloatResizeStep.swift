/// Separable linear interpolation of a float32 NHWC image:
///
///     a = x[r0,c0] · (1 − wx) + x[r0,c1] · wx;  b = the same on row r1;  y = a · (1 − wy) + b · wy
///
/// `rows` is int32 [outputHeight, 2], `rowWeights` float32 [outputHeight]; columns alike. (1 − w) is rounded once.
package struct FloatResizeStep: UnaryStep {
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
  package var detail: String { "\(inputHeight)×\(inputWidth) → \(outputHeight)×\(outputWidth) × \(channels)" }

  package func run(_ memory: inout Memory) {
    let x = UnsafePointer(memory.pointer(input, as: Float.self))
    let y = memory.pointer(output, as: Float.self)
    let rows = memory.pointer(rows, as: Int32.self)
    let columns = memory.pointer(columns, as: Int32.self)
    let rowWeights = memory.pointer(rowWeights, as: Float.self)
    let columnWeights = memory.pointer(columnWeights, as: Float.self)
    memory.inParallel(outputHeight, work: outputHeight &* outputWidth &* channels &* 4) { range in
      for oy in range {
        let top = x + Int(rows[oy &* 2]) &* inputWidth &* channels
        let bottom = x + Int(rows[oy &* 2 &+ 1]) &* inputWidth &* channels
        let wy1 = rowWeights[oy]
        let wy0 = 1 - wy1
        for ox in 0..<outputWidth {
          let left = Int(columns[ox &* 2]) &* channels
          let right = Int(columns[ox &* 2 &+ 1]) &* channels
          let wx1 = columnWeights[ox]
          let wx0 = 1 - wx1
          let y = y + (oy &* outputWidth &+ ox) &* channels
          for c in 0..<channels {
            let upper = top[left &+ c] * wx0 + top[right &+ c] * wx1
            let lower = bottom[left &+ c] * wx0 + bottom[right &+ c] * wx1
            y[c] = upper * wy0 + lower * wy1
          }
        }
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.positive(inputHeight, inputWidth, outputHeight, outputWidth, channels, named: "sizes")
    check.buffer(input, inputHeight, inputWidth, channels, bytes: 4, named: "input")
    check.buffer(output, outputHeight, outputWidth, channels, bytes: 4, named: "output")
    check.require(input != output, "input and output are the same buffer")
    check.constant(rows, .int32, outputHeight, 2, named: "rows")
    check.constant(columns, .int32, outputWidth, 2, named: "columns")
    check.constant(rowWeights, .float32, outputHeight, named: "rowWeights")
    check.constant(columnWeights, .float32, outputWidth, named: "columnWeights")
    let (height, width) = (inputHeight, inputWidth)
    check.values(of: rows, columns: 2, named: "rows") { $1 >= 0 && $1 < height }
    check.values(of: columns, columns: 2, named: "columns") { $1 >= 0 && $1 < width }
  }
}
