/// Maximum or mean over a window, float32 NHWC, rows then columns ascending; pixels outside the image are skipped.
///
/// The mean is the sum divided by the divisor d of `AveragePool`. The maximum starts from the first pixel inside.
package struct FloatPoolStep: Step {
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
  package var reads: [BufferID] { [input] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [] }
}
