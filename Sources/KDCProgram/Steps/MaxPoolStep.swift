/// Maximum over a window, int8 NHWC; pixels outside the image do not count. `geometry.groups` is ignored.
package struct MaxPoolStep: UnaryStep {
  package static let kind = "maxPool"
  package var name: String
  package var input: BufferID
  package var output: BufferID
  package var geometry: ConvolutionGeometry

  package init(name: String, input: BufferID, output: BufferID, geometry: ConvolutionGeometry) {
    self.name = name
    self.input = input
    self.output = output
    self.geometry = geometry
  }
}

extension MaxPoolStep {
  package var detail: String { geometry.window }

  package func run(_ memory: inout Memory) {
    let x = UnsafePointer(memory.pointer(input, as: Int8.self))
    let y = memory.pointer(output, as: Int8.self)
    let channels = geometry.inputChannels
    memory.inParallel(geometry.outputHeight, work: geometry.windowWork) { rows in
      for oy in rows {
        for ox in 0..<geometry.outputWidth {
          let y = y + (oy &* geometry.outputWidth &+ ox) &* channels
          for c in 0..<channels { y[c] = -128 }
          geometry.forEachTap(oy, ox) { pixel in
            let x = x + pixel &* channels
            for c in 0..<channels { y[c] = max(y[c], x[c]) }
          }
        }
      }
    }
  }

  package func range(of output: BufferID, given ranges: ValueRanges, in program: Program) -> ClosedRange<Int>? {
    ranges[input]
  }

  package func check(_ check: inout StepCheck) {
    check.geometry(geometry, isPool: true)
    check.pooled(geometry, input: input, output: output, elementBytes: 1)
  }
}
