/// A step that interpolates each pixel of an NHWC image between four of another. `rows` and `columns` are int32 tables with
/// a line for each row (column) of the output, which begins with the two of the input that it lies between.
protocol ImageResizeStep: UnaryStep {
  var inputHeight: Int { get }
  var inputWidth: Int { get }
  var outputHeight: Int { get }
  var outputWidth: Int { get }
  var channels: Int { get }
  var rows: ConstantID { get }
  var columns: ConstantID { get }
  /// Numbers in a line of the tables; the third is a weight, 0 ... 256.
  static var lineLength: Int { get }
}

/// The first channel of the four pixels around an output pixel, and of that.
struct ResizeWindow<T> {
  let topLeft, topRight, bottomLeft, bottomRight: UnsafePointer<T>
  let output: UnsafeMutablePointer<T>
}

extension ImageResizeStep {
  package var detail: String { "\(inputHeight)×\(inputWidth) → \(outputHeight)×\(outputWidth) × \(channels)" }

  @inline(__always)
  func forEachPixel<T>(_ memory: inout Memory, _ body: (ResizeWindow<T>, _ oy: Int, _ ox: Int) -> Void) {
    let x = UnsafePointer(memory.pointer(input, as: T.self))
    let y = memory.pointer(output, as: T.self)
    let rows = memory.pointer(rows, as: Int32.self)
    let columns = memory.pointer(columns, as: Int32.self)
    let line = Self.lineLength
    memory.inParallel(outputHeight, work: outputHeight &* outputWidth &* channels &* 4) { range in
      for oy in range {
        let top = x + Int(rows[oy &* line]) &* inputWidth &* channels
        let bottom = x + Int(rows[oy &* line &+ 1]) &* inputWidth &* channels
        for ox in 0..<outputWidth {
          let left = Int(columns[ox &* line]) &* channels
          let right = Int(columns[ox &* line &+ 1]) &* channels
          let window = ResizeWindow(
            topLeft: top + left, topRight: top + right, bottomLeft: bottom + left, bottomRight: bottom + right,
            output: y + (oy &* outputWidth &+ ox) &* channels)
          body(window, oy, ox)
        }
      }
    }
  }

  func checkImages(_ check: inout StepCheck, elementBytes: Int) {
    check.positive(inputHeight, inputWidth, outputHeight, outputWidth, channels, named: "sizes")
    check.buffer(input, inputHeight, inputWidth, channels, bytes: elementBytes, named: "input")
    check.buffer(output, outputHeight, outputWidth, channels, bytes: elementBytes, named: "output")
    check.require(input != output, "input and output are the same buffer")
    let line = Self.lineLength
    for (table, outputs, inputs, name) in [
      (rows, outputHeight, inputHeight, "rows"), (columns, outputWidth, inputWidth, "columns"),
    ] {
      check.constant(table, .int32, outputs, line, named: name)
      check.values(of: table, columns: line, named: name) { $1 >= 0 && ($0 == 2 ? $1 <= 256 : $1 < inputs) }
    }
  }
}
