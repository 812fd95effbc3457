/// Sizes of a two-dimensional convolution over NCHW images; a one-dimensional one has height 1.
package struct ImageGeometry: Hashable, Sendable {
  /// One spatial axis: output position o reads input o · stride + tap · dilation − padBegin; outside is zero.
  package struct Axis: Hashable, Sendable {
    package var input, output, kernel, stride, dilation, padBegin: Int
    package init(input: Int, output: Int, kernel: Int, stride: Int = 1, dilation: Int = 1, padBegin: Int = 0) {
      self.input = input
      self.output = output
      self.kernel = kernel
      self.stride = stride
      self.dilation = dilation
      self.padBegin = padBegin
    }

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

  /// Writes the im2col matrix [depth, rows.count · x.output] of the output rows `rows` of one image and group.
  ///
  /// `image` is the first of the group's `groupInputs` channels.
  package func im2col(_ image: UnsafePointer<Float>, rows: Range<Int>, into columns: UnsafeMutablePointer<Float>) {
    var target = columns
    for channel in 0..<groupInputs {
      let plane = image + channel &* inputPixels
      for ky in 0..<y.kernel {
        let insideY = y.inside(tap: ky, in: rows)
        for kx in 0..<x.kernel {
          let insideX = x.inside(tap: kx, in: 0..<x.output)
          let offsetX = kx &* x.dilation &- x.padBegin
          for oy in rows {
            guard insideY.contains(oy), !insideX.isEmpty else {
              target.update(repeating: 0, count: x.output)
              target += x.output
              continue
            }
            let source = plane + (oy &* y.stride &+ ky &* y.dilation &- y.padBegin) &* x.input
            target.update(repeating: 0, count: insideX.lowerBound)
            if x.stride == 1 {
              (target + insideX.lowerBound).update(from: source + (insideX.lowerBound &+ offsetX), count: insideX.count)
            } else {
              for ox in insideX { target[ox] = source[ox &* x.stride &+ offsetX] }
            }
            (target + insideX.upperBound).update(repeating: 0, count: x.output &- insideX.upperBound)
            target += x.output
          }
        }
      }
    }
  }

  /// The transpose of `im2col`: adds a matrix [channels · y.kernel · x.kernel, rows.count · x.output] to `channels`
  /// channels; `rows` are all output rows unless given.
  package func col2im(
    _ columns: UnsafePointer<Float>, rows: Range<Int>? = nil, channels: Int, into image: UnsafeMutablePointer<Float>
  ) {
    let rows = rows ?? 0..<y.output
    var source = columns
    for channel in 0..<channels {
      let plane = image + channel &* inputPixels
      for ky in 0..<y.kernel {
        let insideY = y.inside(tap: ky, in: rows)
        for kx in 0..<x.kernel {
          let insideX = x.inside(tap: kx, in: 0..<x.output)
          let offsetX = kx &* x.dilation &- x.padBegin
          for oy in insideY {
            let target = plane + (oy &* y.stride &+ ky &* y.dilation &- y.padBegin) &* x.input
            let row = source + (oy &- rows.lowerBound) &* x.output
            for ox in insideX { target[ox &* x.stride &+ offsetX] += row[ox] }
          }
          source += rows.count &* x.output
        }
      }
    }
  }
}
