/// Separable linear interpolation of an int8 NHWC image with 8-bit weights:
///
///     y = clamp((Σ over 2×2 taps x[ry_t, rx_u, c] · wy_t · wx_u + 2^15) >> 16, −128, 127),  wy_0 + wy_1 = wx_0 + wx_1 = 256
///
/// `rows` is int32 [outputHeight, 3] of (first row, second row, weight of the second), `columns` [outputWidth, 3].
/// Input and output share scale and zero point. Nearest resize by any factor is the case of weights 0.
package struct ResizeLinearStep: UnaryStep {
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
  package var detail: String { "\(inputHeight)×\(inputWidth) → \(outputHeight)×\(outputWidth) × \(channels)" }

  package func run(_ memory: inout Memory) {
    let x = UnsafePointer(memory.pointer(input, as: Int8.self))
    let y = memory.pointer(output, as: Int8.self)
    let rows = memory.pointer(rows, as: Int32.self)
    let columns = memory.pointer(columns, as: Int32.self)
    memory.inParallel(outputHeight, work: outputHeight &* outputWidth &* channels &* 4) { range in
      for oy in range {
        let top = x + Int(rows[oy &* 3]) &* inputWidth &* channels
        let bottom = x + Int(rows[oy &* 3 &+ 1]) &* inputWidth &* channels
        let wy1 = rows[oy &* 3 &+ 2]
        let wy0 = 256 &- wy1
        for ox in 0..<outputWidth {
          let left = Int(columns[ox &* 3]) &* channels
          let right = Int(columns[ox &* 3 &+ 1]) &* channels
          let wx1 = columns[ox &* 3 &+ 2]
          let wx0 = 256 &- wx1
          let y = y + (oy &* outputWidth &+ ox) &* channels
          for c in 0..<channels {
            let upper = Int32(top[left &+ c]) &* wx0 &+ Int32(top[right &+ c]) &* wx1
            let lower = Int32(bottom[left &+ c]) &* wx0 &+ Int32(bottom[right &+ c]) &* wx1
            let sum = upper &* wy0 &+ lower &* wy1 &+ (1 << 15)
            y[c] = Int8(truncatingIfNeeded: min(max(sum &>> 16, -128), 127))
          }
        }
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.positive(inputHeight, inputWidth, outputHeight, outputWidth, channels, named: "sizes")
    check.buffer(input, inputHeight, inputWidth, channels, bytes: 1, named: "input")
    check.buffer(output, outputHeight, outputWidth, channels, bytes: 1, named: "output")
    check.require(input != output, "input and output are the same buffer")
    check.constant(rows, .int32, outputHeight, 3, named: "rows")
    check.constant(columns, .int32, outputWidth, 3, named: "columns")
    let (height, width) = (inputHeight, inputWidth)
    check.values(of: rows, columns: 3, named: "rows") { $1 >= 0 && ($0 == 2 ? $1 <= 256 : $1 < height) }
    check.values(of: columns, columns: 3, named: "columns") { $1 >= 0 && ($0 == 2 ? $1 <= 256 : $1 < width) }
  }
}
