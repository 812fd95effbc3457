/// Mean over a window, int8 NHWC.
///
///     acc = Σ (x − inputZeroPoint) over the window's pixels inside the image
///     y = requantization(acc, multipliers[d − 1])
///
/// where d is the divisor: the number of window pixels inside the image, or with `countIncludesPadding` inside the
/// image extended by the padding (`paddedHeight` × `paddedWidth` from −padTop, −padLeft). `multipliers` is int32
/// [kernelHeight · kernelWidth]. A global mean is the case of a window of the image's size.
package struct AveragePoolStep: UnaryStep, RequantizedStep {
  package static let kind = "averagePool"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var geometry: ConvolutionGeometry
  package var inputZeroPoint: Int
  package var countIncludesPadding: Bool
  package var paddedHeight: Int
  package var paddedWidth: Int
  package var multipliers: ConstantID
  package var requantization: Requantization

  package init(
    name: String, input: BufferID, output: BufferID, geometry: ConvolutionGeometry, inputZeroPoint: Int,
    countIncludesPadding: Bool, paddedHeight: Int, paddedWidth: Int, multipliers: ConstantID,
    requantization: Requantization
  ) {
    self.name = name
    self.input = input
    self.output = output
    self.geometry = geometry
    self.inputZeroPoint = inputZeroPoint
    self.countIncludesPadding = countIncludesPadding
    self.paddedHeight = paddedHeight
    self.paddedWidth = paddedWidth
    self.multipliers = multipliers
    self.requantization = requantization
  }
  package var constants: [ConstantID] { [multipliers] }
}

extension AveragePoolStep {
  package var detail: String { "\(geometry.window), \(requantization)" }

  package func run(_ memory: inout Memory) {
    let x = UnsafePointer(memory.pointer(input, as: Int8.self))
    let y = memory.pointer(output, as: Int8.self)
    let multipliers = memory.pointer(multipliers, as: Int32.self)
    let channels = geometry.inputChannels
    let zero = Int32(truncatingIfNeeded: inputZeroPoint)
    memory.inParallel(geometry.outputHeight, work: geometry.windowWork) { rows in
      var sums = [Int32](repeating: 0, count: channels)
      for oy in rows {
        for ox in 0..<geometry.outputWidth {
          for c in 0..<channels { sums[c] = 0 }
          geometry.forEachTap(oy, ox) { pixel in
            let x = x + pixel &* channels
            sums.withUnsafeMutableBufferPointer { sums in
              for c in 0..<channels { sums[c] &+= Int32(x[c]) &- zero }
            }
          }
          let divisor = geometry.divisor(
            oy, ox, paddedHeight: countIncludesPadding ? paddedHeight : nil, paddedWidth: paddedWidth)
          let multiplier = multipliers[divisor - 1]
          let y = y + (oy &* geometry.outputWidth &+ ox) &* channels
          for c in 0..<channels { y[c] = requantization.apply(sums[c], multiplier: multiplier) }
        }
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.geometry(geometry, isPool: true)
    check.pooled(geometry, input: input, output: output, elementBytes: 1)
    check.padded(geometry, countIncludesPadding: countIncludesPadding, paddedHeight, paddedWidth)
    check.range(inputZeroPoint, -128...127, named: "inputZeroPoint")
    check.constant(multipliers, .int32, geometry.kernelHeight, geometry.kernelWidth, named: "multipliers")
    check.values(of: multipliers, columns: 1, named: "multipliers") { $1 > 0 }
    check.requantization(requantization)
  }
}

extension StepCheck {
  mutating func pooled(_ g: ConvolutionGeometry, input: BufferID, output: BufferID, elementBytes: Int) {
    buffer(input, g.inputHeight, g.inputWidth, g.inputChannels, bytes: elementBytes, named: "input")
    buffer(output, g.outputHeight, g.outputWidth, g.outputChannels, bytes: elementBytes, named: "output")
  }

  /// The padded image covers the first tap of every window, so that no divisor is 0.
  mutating func padded(_ g: ConvolutionGeometry, countIncludesPadding: Bool, _ height: Int, _ width: Int) {
    guard countIncludesPadding, faults.isEmpty else { return }
    positive(height, width, named: "padded size")
    require(
      (g.outputHeight - 1) * g.strideY < height && (g.outputWidth - 1) * g.strideX < width,
      "a pooling window lies outside the padded image")
  }
}
