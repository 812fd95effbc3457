import KDCDiagnostics
import KDCTensor
import KDCTraining

/// One part of the picture: the image, alone or under a saliency map.
struct SaliencyPanel {
  let image: [String: Tensor]
  let saliency: Saliency?

  /// The panels side by side, enlarged to at least 224 pixels each.
  static func picture(_ panels: [SaliencyPanel]) throws -> Image {
    guard let tensor = panels.first?.image.values.first, tensor.shape.rank == 4 else {
      throw InternalError("no image to show")
    }
    let (height, width) = (tensor.shape[2], tensor.shape[3])
    let zoom = max(1, (223 + max(height, width)) / max(height, width))
    let gap = 4
    let total = panels.count * (width * zoom + gap) - gap
    var pixels = [UInt8](repeating: 255, count: 3 * total * height * zoom)
    for (index, panel) in panels.enumerated() {
      let colours = panel.colours(height: height, width: width)
      for y in 0..<height * zoom {
        for x in 0..<width * zoom {
          let target = 3 * (y * total + index * (width * zoom + gap) + x)
          let source = 3 * (y / zoom * width + x / zoom)
          for channel in 0..<3 { pixels[target + channel] = colours[source + channel] }
        }
      }
    }
    return Image(width: total, height: height * zoom, channels: 3, pixels: pixels)
  }

  private func colours(height: Int, width: Int) -> [UInt8] {
    let size = height * width
    let values = image.values.first?.asFloats ?? []
    let channels = max(1, values.count / max(size, 1))
    let grey = (0..<size).map { pixel in
      (0..<channels).reduce(Float(0)) { $0 + values[$1 * size + pixel] } / Float(channels)
    }
    let picture = Self.stretched(grey)
    guard let saliency else { return picture.flatMap { [Self.byte($0), Self.byte($0), Self.byte($0)] } }
    let heat = Self.stretched(saliency.map)
    return (0..<size).flatMap { pixel -> [UInt8] in
      let (h, p) = (heat[pixel], 0.35 * picture[pixel])
      return [2 * h - 1, 1 - abs(2 * h - 1), 1 - 2 * h].map { Self.byte(p + 0.65 * max(0, $0)) }
    }
  }

  /// To 0…1.
  private static func stretched(_ values: [Float]) -> [Float] {
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    return values.map { high > low ? ($0 - low) / (high - low) : 0 }
  }

  private static func byte(_ value: Float) -> UInt8 { UInt8(max(0, min(255, (255 * value).rounded()))) }
}
