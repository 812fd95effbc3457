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

  init(decoding node: Node) throws(Diagnostic) {
    guard node.opset >= 11 else {
      (transformation, rounding) = (.asymmetric, .simple)
      return
    }
    let names = Transformation.allCases.map(\.rawValue)
    let name = try node.choice(
      "coordinate_transformation_mode", default: "half_pixel", of: names + ["tf_crop_and_resize"], supported: names)
    let modes = Rounding.allCases.filter { $0 != .simple }.map(\.rawValue)
    let mode = try node.choice("nearest_mode", default: "round_prefer_floor", of: modes)
    transformation = Transformation(rawValue: name) ?? .halfPixel
    rounding = Rounding(rawValue: mode) ?? .roundPreferFloor
  }

  /// The input position, not yet clamped, of output position `o` of `output` on an axis of `input` elements.
  func source(_ o: Int, input: Int, output: Int, scale: Float) -> Float {
    let x = Float(o)
    if scale == 1, input == output { return x }
    switch transformation {
    case .halfPixel: return (x + 0.5) / scale - 0.5
    case .halfPixelSymmetric:
      let adjustment = Float(output) / (scale * Float(input))
      return Float(input) / 2 * (1 - adjustment) + (x + 0.5) / scale - 0.5
    case .pytorchHalfPixel: return output > 1 ? (x + 0.5) / scale - 0.5 : 0
    case .alignCorners: return output == 1 ? 0 : x * Float(input - 1) / Float(output - 1)
    case .asymmetric: return x / scale
    case .tfHalfPixelForNN: return (x + 0.5) / scale
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
