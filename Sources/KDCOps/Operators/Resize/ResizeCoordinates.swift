import KDCDiagnostics
import KDCGraph

/// How Resize maps an output position to the input, one axis at a time; in float32, as ONNX Runtime does.
package struct ResizeCoordinates: Sendable {
  package enum Transformation: String, Sendable, CaseIterable {
    case halfPixel = "half_pixel"
    case halfPixelSymmetric = "half_pixel_symmetric"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case alignCorners = "align_corners"
    case asymmetric
    case tfHalfPixelForNN = "tf_half_pixel_for_nn"
    case tfCropAndResize = "tf_crop_and_resize"
  }

  package enum Rounding: String, Sendable, CaseIterable {
    case roundPreferFloor = "round_prefer_floor"
    case roundPreferCeil = "round_prefer_ceil"
    case floor
    case ceil
    /// Opset 10: floor where the axis grows, ceil where it shrinks.
    case simple
  }

  package let transformation: Transformation
  package let rounding: Rounding
  /// A region of the input (roi) is resampled.
  package var isCrop: Bool { transformation == .tfCropAndResize }

  init(decoding node: Node) throws(Diagnostic) {
    guard node.opset >= 11 else {
      (transformation, rounding) = (.asymmetric, .simple)
      return
    }
    let name = try node.choice(
      "coordinate_transformation_mode", default: "half_pixel", of: Transformation.allCases.map(\.rawValue))
    let modes = Rounding.allCases.filter { $0 != .simple }.map(\.rawValue)
    let mode = try node.choice("nearest_mode", default: "round_prefer_floor", of: modes)
    transformation = Transformation(rawValue: name) ?? .halfPixel
    rounding = Rounding(rawValue: mode) ?? .roundPreferFloor
  }

  /// The input position, not yet clamped, of output position `o` of `output` on an axis of `input` elements; `roi` are the
  /// ends of the region in parts of the axis.
  func source(_ o: Int, input: Int, output: Int, scale: Float, roi: (Float, Float) = (0, 1)) -> Float {
    let x = Float(o)
    if scale == 1, input == output, roi == (0, 1) { return x }
    switch transformation {
    case .halfPixel: return (x + 0.5) / scale - 0.5
    case .halfPixelSymmetric:
      let adjustment = Float(output) / (scale * Float(input))
      return Float(input) / 2 * (1 - adjustment) + (x + 0.5) / scale - 0.5
    case .pytorchHalfPixel: return output > 1 ? (x + 0.5) / scale - 0.5 : 0
    case .alignCorners: return output == 1 ? 0 : x * Float(input - 1) / Float(output - 1)
    case .asymmetric: return x / scale
    case .tfHalfPixelForNN: return (x + 0.5) / scale
    case .tfCropAndResize:
      let last = Float(input - 1)
      if output == 1 { return (roi.0 + roi.1) * last / 2 }
      return roi.0 * last + x * (roi.1 - roi.0) * last / Float(output - 1)
    }
  }

  /// The element nearest to position `x`, clamped to 0 ..< input.
  func nearest(_ x: Float, input: Int, scale: Float) -> Int {
    let rounded: Float =
      switch rounding {
      case .roundPreferFloor: x == x.rounded(.down) + 0.5 ? x.rounded(.down) : x.rounded()
      case .roundPreferCeil: x.rounded()
      case .floor: x.rounded(.down)
      case .ceil: x.rounded(.up)
      case .simple: x.rounded(scale < 1 ? .up : .down)
      }
    return Int(min(max(rounded, 0), Float(input - 1)))
  }
}
