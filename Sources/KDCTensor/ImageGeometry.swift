/// Sizes of a two-dimensional convolution over NCHW images; a one-dimensional one has height 1.
package struct ImageGeometry: Hashable, Sendable {
  /// One spatial axis: output position o reads input o · stride + tap · dilation − padBegin; outside is zero.
  package struct Axis: Hashable, Sendable {
    package var input, output, kernel, stride, dilation, padBegin, padEnd: Int
    package init(
      input: Int, output: Int, kernel: Int, stride: Int = 1, dilation: Int = 1, padBegin: Int = 0, padEnd: Int = 0
    ) {
      self.input = input
      self.output = output
      self.kernel = kernel
      self.stride = stride
      self.dilation = dilation
      self.padBegin = padBegin
      self.padEnd = padEnd
    }

    /// The axis that one-dimensional operators have for their height.
    package static let unit = Axis(input: 1, output: 1, kernel: 1)

    /// The output positions in `range` whose tap `tap` reads inside the input.
    @inline(__always)
    func inside(tap: Int, in range: Range<Int>) -> Range<Int> {
      let offset = tap &* dilation &- padBegin
      let first = offset >= 0 ? 0 : (stride &- 1 &- offset) / stride
      let end = input <= offset ? 0 : (input &- 1 &- offset) / stride &+ 1
      let lower = min(max(first, range.lowerBound), range.upperBound)
      return lower..<max(lower, min(end, range.upperBound))
    }
  }

  package var batch, inputChannels, outputChannels, groups: Int
  package var y, x: Axis

  package init(batch: Int, inputChannels: Int, outputChannels: Int, groups: Int = 1, y: Axis, x: Axis) {
    self.batch = batch
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.groups = groups
    self.y = y
    self.x = x
  }

  package var groupInputs: Int { inputChannels / groups }
  package var groupOutputs: Int { outputChannels / groups }
  package var inputPixels: Int { y.input * x.input }
  package var outputPixels: Int { y.output * x.output }
  /// Rows of the im2col matrix: (input channel of the group, kernel row, kernel column).
  package var depth: Int { groupInputs * y.kernel * x.kernel }
  package var isPointwise: Bool {
    y.kernel == 1 && x.kernel == 1 && y.stride == 1 && x.stride == 1 && y.padBegin == 0 && x.padBegin == 0
      && y.input == y.output && x.input == x.output
  }
  package var isDepthwise: Bool { groupInputs == 1 && groupOutputs == 1 }

  /// Output positions are input positions moved by a constant: rows can be copied together.
  private var keepsRows: Bool { x.stride == 1 && y.stride == 1 && x.output == x.input }

  /// Writes the im2col matrix [depth, rows.count · x.output] of the output rows `rows` of one image and group.
  ///
  /// `image` is the first of the group's `groupInputs` channels; the matrix' rows are `distance` elements apart, and
  /// follow each other by default.
  package func im2col(
    _ image: UnsafePointer<Float>, rows: Range<Int>, into columns: UnsafeMutablePointer<Float>, distance: Int? = nil
  ) {
    let distance = distance ?? rows.count &* x.output
    var target = columns
    let width = x.output
    for channel in 0..<groupInputs {
      let plane = image + channel &* inputPixels
      for ky in 0..<y.kernel {
        let insideY = y.inside(tap: ky, in: rows)
        for kx in 0..<x.kernel {
          let insideX = x.inside(tap: kx, in: 0..<width)
          let offsetX = kx &* x.dilation &- x.padBegin
          let inside = insideX.isEmpty ? rows.lowerBound..<rows.lowerBound : insideY
          let before = (inside.lowerBound &- rows.lowerBound) &* width
          if before > 0 { target.update(repeating: 0, count: before) }
          var result = target + before
          if keepsRows, !inside.isEmpty {
            copyRows(plane, inside, insideX, tapY: ky, offsetX, into: result)
            result += inside.count &* width
          } else {
            for oy in inside {
              let source = plane + ((oy &* y.stride &+ ky &* y.dilation &- y.padBegin) &* x.input &+ offsetX)
              for ox in 0..<insideX.lowerBound { result[ox] = 0 }
              if x.stride == 1 {
                for ox in insideX { result[ox] = source[ox] }
              } else {
                for ox in insideX { result[ox] = source[ox &* x.stride] }
              }
              for ox in insideX.upperBound..<width { result[ox] = 0 }
              result += width
            }
          }
          let after = (rows.upperBound &- inside.upperBound) &* width
          if after > 0 { result.update(repeating: 0, count: after) }
          target += distance
        }
      }
    }
  }

  /// The rows of one tap at once, then zeros where they wrapped around the borders.
  @inline(__always)
  private func copyRows(
    _ plane: UnsafePointer<Float>, _ inside: Range<Int>, _ insideX: Range<Int>, tapY: Int, _ offsetX: Int,
    into result: UnsafeMutablePointer<Float>
  ) {
    let width = x.output
    let start = (inside.lowerBound &+ tapY &* y.dilation &- y.padBegin) &* width &+ offsetX
    let count = inside.count &* width
    // The first and last elements may lie outside the plane; those are borders, which become zero.
    let first = max(0, 0 &- start)
    let last = min(count, inputPixels &- start)
    (result + first).update(from: plane + (start &+ first), count: last &- first)
    clearBorders(result, rows: inside.count, insideX)
  }

  /// Zeros outside `insideX`, column by column: there are few, and filling one element of a row costs a call.
  @inline(__always)
  private func clearBorders(_ result: UnsafeMutablePointer<Float>, rows: Int, _ insideX: Range<Int>) {
    let width = x.output
    for column in 0..<insideX.lowerBound {
      for row in 0..<rows { result[row &* width &+ column] = 0 }
    }
    for column in insideX.upperBound..<width {
      for row in 0..<rows { result[row &* width &+ column] = 0 }
    }
  }

  /// The transpose of `im2col`: adds a matrix [channels · y.kernel · x.kernel, rows.count · x.output], whose rows are
  /// `distance` apart, to `channels` channels. The matrix is used up: its borders are overwritten.
  package func col2im(
    _ columns: UnsafeMutablePointer<Float>, rows: Range<Int>, distance: Int, channels: Int,
    into image: UnsafeMutablePointer<Float>
  ) {
    var source = columns
    for channel in 0..<channels {
      let plane = image + channel &* inputPixels
      for ky in 0..<y.kernel {
        let insideY = y.inside(tap: ky, in: rows)
        for kx in 0..<x.kernel {
          let insideX = x.inside(tap: kx, in: 0..<x.output)
          let offsetX = kx &* x.dilation &- x.padBegin
          if !insideX.isEmpty, !insideY.isEmpty {
            let first = source + (insideY.lowerBound &- rows.lowerBound) &* x.output
            if keepsRows {
              addRows(first, insideY, insideX, tapY: ky, offsetX, to: plane)
            } else {
              for oy in insideY {
                let target = plane + ((oy &* y.stride &+ ky &* y.dilation &- y.padBegin) &* x.input &+ offsetX)
                let row = first + (oy &- insideY.lowerBound) &* x.output
                if x.stride == 1 {
                  for ox in insideX { target[ox] += row[ox] }
                } else {
                  for ox in insideX { target[ox &* x.stride] += row[ox] }
                }
              }
            }
          }
          source += distance
        }
      }
    }
  }

  /// The transpose of `copyRows`.
  @inline(__always)
  private func addRows(
    _ rows: UnsafeMutablePointer<Float>, _ inside: Range<Int>, _ insideX: Range<Int>, tapY: Int, _ offsetX: Int,
    to plane: UnsafeMutablePointer<Float>
  ) {
    let width = x.output
    clearBorders(rows, rows: inside.count, insideX)
    let start = (inside.lowerBound &+ tapY &* y.dilation &- y.padBegin) &* width &+ offsetX
    let first = max(0, 0 &- start)
    let count = min(inside.count &* width, inputPixels &- start) &- first
    let (target, source) = (plane + (start &+ first), rows + first)
    for i in 0..<max(0, count) { target[i] += source[i] }
  }
}
