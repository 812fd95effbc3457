/// Maximum or mean over a window, float32 NHWC, rows then columns ascending; pixels outside the image are skipped.
///
/// Both start from the first pixel inside; then m = x > m ? x : m, or s = s + x. The mean is the sum divided by the
/// divisor d of `AveragePoolStep` (as float), one rounding each.
package struct FloatPoolStep: UnaryStep {
  package static let kind = "floatPool"
  package enum Operation: String, Sendable, Codable { case maximum, mean }
  package var name: String
  package var operation: Operation
  package var input: BufferID
  package var output: BufferID
  package var geometry: ConvolutionGeometry
  package var countIncludesPadding: Bool
  package var paddedHeight: Int
  package var paddedWidth: Int

  package init(
    name: String, operation: Operation, input: BufferID, output: BufferID, geometry: ConvolutionGeometry,
    countIncludesPadding: Bool, paddedHeight: Int, paddedWidth: Int
  ) {
    self.name = name
    self.operation = operation
    self.input = input
    self.output = output
    self.geometry = geometry
    self.countIncludesPadding = countIncludesPadding
    self.paddedHeight = paddedHeight
    self.paddedWidth = paddedWidth
  }
}

extension FloatPoolStep {
  package var detail: String { "\(operation.rawValue) \(geometry.window)" }

  package func run(_ memory: inout Memory) {
    let x = UnsafePointer(memory.pointer(input, as: Float.self))
    let y = memory.pointer(output, as: Float.self)
    let channels = geometry.inputChannels
    let isMaximum = operation == .maximum
    memory.inParallel(geometry.outputHeight, work: geometry.windowWork) { rows in
      for oy in rows {
        for ox in 0..<geometry.outputWidth {
          let y = y + (oy &* geometry.outputWidth &+ ox) &* channels
          var isFirst = true
          geometry.forEachTap(oy, ox) { pixel in
            let x = x + pixel &* channels
            if isFirst {
              for c in 0..<channels { y[c] = x[c] }
            } else if isMaximum {
              for c in 0..<channels { y[c] = x[c] > y[c] ? x[c] : y[c] }
            } else {
              for c in 0..<channels { y[c] = y[c] + x[c] }
            }
            isFirst = false
          }
          if !isMaximum {
            let divisor = Float(
              geometry.divisor(
                oy, ox, paddedHeight: countIncludesPadding ? paddedHeight : nil, paddedWidth: paddedWidth))
            for c in 0..<channels { y[c] = y[c] / divisor }
          }
        }
      }
    }
  }

  package func check(_ check: inout StepCheck) {
    check.geometry(geometry, isPool: true)
    check.pooled(geometry, input: input, output: output, elementBytes: 4)
    if operation == .mean {
      check.padded(geometry, countIncludesPadding: countIncludesPadding, paddedHeight, paddedWidth)
    }
  }
}
