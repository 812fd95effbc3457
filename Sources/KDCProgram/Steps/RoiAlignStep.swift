/// Regions of x [batch, channels, height, width] resampled to outputHeight × outputWidth each: y [regions, channels, outputHeight,
/// outputWidth], float32.
///
/// A region is x₁, y₁, x₂, y₂ in `rois`, times `scale`, less ½ with `halfPixel`; without it at least 1 wide and high. Each of its
/// output elements is the mean (or maximum) of samples spread evenly over its part of the region: `ratio` along each axis, or with
/// 0 as many as the part's size rounded up, `mostSamples` at most. A sample is Σ weight · element of its four neighbours, left to
/// right and top to bottom; 0 where it is more than 1 outside. maximum: the largest of the four products, and of all samples.
/// `batches` (int64) is the image of each region, clamped to those there are.
package struct RoiAlignStep: SingleOutputStep {
  package static let kind = "roiAlign"
  package static let mostSamples = 1024
  package var name: String
  package var isMaximum: Bool
  package var input: BufferID
  package var rois: BufferID
  package var batches: BufferID
  package var output: BufferID
  package var batch, channels, height, width: Int
  package var regions, outputHeight, outputWidth: Int
  package var ratio: Int
  package var scale: Float
  package var halfPixel: Bool

  package init(
    name: String, isMaximum: Bool, input: BufferID, rois: BufferID, batches: BufferID, output: BufferID,
    image: (batch: Int, channels: Int, height: Int, width: Int), regions: Int, outputHeight: Int, outputWidth: Int,
    ratio: Int, scale: Float, halfPixel: Bool
  ) {
    self.name = name
    self.isMaximum = isMaximum
    self.input = input
    self.rois = rois
    self.batches = batches
    self.output = output
    (batch, channels, height, width) = image
    self.regions = regions
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.ratio = ratio
    self.scale = scale
    self.halfPixel = halfPixel
  }
  package var reads: [BufferID] { [input, rois, batches] }
}

extension RoiAlignStep {
  package var detail: String {
    "\(isMaximum ? "maximum" : "mean"), \(regions) regions of [\(batch),\(channels),\(height),\(width)] → "
      + "\(outputHeight)×\(outputWidth)"
  }

  /// Neighbours of a sample along an axis of `size`, and the weights of the second; nil where it is outside.
  private static func neighbours(_ place: Float, _ size: Int) -> (first: Int, second: Int, weight: Float)? {
    guard place >= -1, place <= Float(size) else { return nil }
    let x = place > 0 ? place : 0
    let first = Int(x)
    return first >= size - 1 ? (size - 1, size - 1, 0) : (first, first + 1, x - Float(first))
  }

  /// Samples along an axis, of a part of the region of this size.
  private func samples(_ part: Float) -> Int {
    if ratio > 0 { return ratio }
    let count = part.rounded(.up)
    return count > 0 ? (count < Float(Self.mostSamples) ? Int(count) : Self.mostSamples) : 0
  }

  package func run(_ memory: inout Memory) {
    let x = UnsafePointer(memory.pointer(input, as: Float.self))
    let corners = UnsafePointer(memory.pointer(rois, as: Float.self))
    let images = UnsafePointer(memory.pointer(batches, as: Int64.self))
    let y = memory.pointer(output, as: Float.self)
    let offset: Float = halfPixel ? 0.5 : 0
    for region in 0..<regions {
      let image = min(max(Int(images[region]), 0), batch - 1)
      let corner = (0..<4).map { corners[region &* 4 &+ $0] * scale - offset }
      var (regionWidth, regionHeight) = (corner[2] - corner[0], corner[3] - corner[1])
      if !halfPixel {
        regionWidth = regionWidth > 1 ? regionWidth : 1
        regionHeight = regionHeight > 1 ? regionHeight : 1
      }
      let (partHeight, partWidth) = (regionHeight / Float(outputHeight), regionWidth / Float(outputWidth))
      let (rows, columns) = (samples(partHeight), samples(partWidth))
      for c in 0..<channels {
        let plane = x + (image &* channels &+ c) &* height &* width
        let target = y + (region &* channels &+ c) &* outputHeight &* outputWidth
        for oy in 0..<outputHeight {
          for ox in 0..<outputWidth {
            var (result, isFirst): (Float, Bool) = (0, true)
            for sy in 0..<rows {
              let at = corner[1] + Float(oy) * partHeight + (Float(sy) + 0.5) * partHeight / Float(rows)
              let vertical = Self.neighbours(at, height)
              for sx in 0..<columns {
                let at = corner[0] + Float(ox) * partWidth + (Float(sx) + 0.5) * partWidth / Float(columns)
                let value = sample(plane, vertical, Self.neighbours(at, width))
                result = !isMaximum ? result + value : isFirst || value > result ? value : result
                isFirst = false
              }
            }
            if !isMaximum { result = result / Float(max(rows &* columns, 1)) }
            target[oy &* outputWidth &+ ox] = result
          }
        }
      }
    }
  }

  private func sample(
    _ plane: UnsafePointer<Float>, _ y: (first: Int, second: Int, weight: Float)?,
    _ x: (first: Int, second: Int, weight: Float)?
  ) -> Float {
    guard let y, let x else { return 0 }
    let (top, bottom) = (plane + y.first &* width, plane + y.second &* width)
    let (above, left) = (1 - y.weight, 1 - x.weight)
    let products = (
      above * left * top[x.first], above * x.weight * top[x.second], y.weight * left * bottom[x.first],
      y.weight * x.weight * bottom[x.second]
    )
    guard isMaximum else { return products.0 + products.1 + products.2 + products.3 }
    var largest = products.0
    largest = products.1 > largest ? products.1 : largest
    largest = products.2 > largest ? products.2 : largest
    return products.3 > largest ? products.3 : largest
  }

  package func check(_ check: inout StepCheck) {
    check.positive(batch, channels, height, width, named: "image")
    check.positive(regions, outputHeight, outputWidth, named: "output")
    check.range(ratio, 0...Self.mostSamples, named: "ratio")
    check.buffer(input, batch, channels, height, width, bytes: 4, named: "input")
    check.buffer(rois, regions, 4, bytes: 4, named: "rois")
    check.buffer(batches, regions, bytes: 8, named: "batches")
    check.buffer(output, regions, channels, outputHeight, outputWidth, bytes: 4, named: "output")
    check.require(!reads.contains(output), "input and output are the same buffer")
  }
}
