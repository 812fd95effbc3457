/// Maximum over a window, int8 NHWC; pixels outside the image do not count. `geometry.groups` is ignored.
package struct MaxPoolStep: Step {
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
  package var reads: [BufferID] { [input] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [] }
}
