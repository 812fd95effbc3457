/// Mean over a window, int8 NHWC.
///
///     acc = Σ (x − inputZeroPoint) over the window's pixels inside the image
///     y = requantization(acc, multipliers[d − 1])
///
/// where d is the divisor: the number of window pixels inside the image, or with `countIncludesPadding` inside the
/// image extended by the padding (`paddedHeight` × `paddedWidth` from −padTop, −padLeft). `multipliers` is int32
/// [kernelHeight · kernelWidth]. A global mean is the case of a window of the image's size.
package struct AveragePoolStep: Step {
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
  package var reads: [BufferID] { [input] }
  package var writes: [BufferID] { [output] }
  package var constants: [ConstantID] { [multipliers] }
}
