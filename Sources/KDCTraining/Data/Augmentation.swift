import Glibc
import KDCTensor

/// Further views of image samples: moved, mirrored, turned, partly hidden, with noise, mixed. Made from a seed, so that a
/// view is the same each time and the teacher's answers to it can be cached.
package struct Augmentation: Sendable, Hashable, Codable {
  /// Number of views of each sample, the original included.
  package var views = 1
  /// Farthest shift in pixels, along both axes; the border is filled with the nearest pixels.
  package var shift = 0
  /// Whether half of the views are mirrored left to right.
  package var flipsHorizontally = false
  /// Largest turn about the centre, in degrees either way; bilinear, the border filled with the nearest pixels.
  package var rotation = 0.0
  /// Side of a square that is set to 0, in pixels: DeVries and Taylor, "Improved Regularization of Convolutional Neural
  /// Networks with Cutout", 2017.
  package var cutout = 0
  /// Standard deviation of the noise added to each number.
  package var noise = 0.0
  /// α of the Beta distribution of shares in 0…1 by which two samples are mixed, labels too; 0: none. At most 1. Zhang et
  /// al., "mixup: Beyond Empirical Risk Minimization", 2018.
  package var mixup = 0.0
  package var seed: UInt64 = 0
  package init() {}

  /// Whether places in a view's image are others than in the original.
  package var movesPlaces: Bool { shift > 0 || flipsHorizontally || rotation > 0 || mixup > 0 }

  /// Changes `inputs` into view `view` of sample `sample`. Inputs `[1, channels, height, width]` and `[1, height, width]`
  /// are images and are all moved alike; others get only the noise. View 0 is the original.
  package func apply(_ inputs: [String: Tensor], sample: Int, view: Int) -> [String: Tensor] {
    guard view > 0 else { return inputs }
    var generator = SplitMix64(seed: seed &+ Self.number(sample, view) &* 0xD6E8_FEB8_6659_FD93)
    let dx = shift > 0 ? generator.below(2 * shift + 1) - shift : 0
    let dy = shift > 0 ? generator.below(2 * shift + 1) - shift : 0
    let isMirrored = flipsHorizontally && generator.below(2) == 1
    let angle = rotation > 0 ? (2 * generator.unit() - 1) * rotation * .pi / 180 : 0
    let hole = cutout > 0 ? (generator.unit(), generator.unit()) : (0, 0)
    var result: [String: Tensor] = [:]
    for name in inputs.keys.sorted() {
      guard let tensor = inputs[name], let floats = tensor.floats else {
        result[name] = inputs[name]
        continue
      }
      var values = floats
      if let planes = Planes(tensor.shape) {
        if dx != 0 || dy != 0 || isMirrored { values = planes.moved(values, dx: dx, dy: dy, isMirrored: isMirrored) }
        if angle != 0 { values = planes.turned(values, by: angle) }
        if cutout > 0 { planes.hide(&values, side: cutout, at: hole) }
      }
      if noise > 0 { for index in values.indices { values[index] += Float(noise * generator.normal()) } }
      result[name] = Tensor(tensor.shape, values)
    }
    return result
  }

  /// One for each view of each sample.
  private static func number(_ sample: Int, _ view: Int) -> UInt64 {
    UInt64(truncatingIfNeeded: sample) &* 64 &+ UInt64(view % 64) &+ UInt64(view / 64) << 48
  }

  /// With which sample of 0 ..< count this view is mixed, and the share that stays its own; nil where it is not.
  func mix(sample: Int, view: Int, count: Int) -> (partner: Int, share: Double)? {
    guard view > 0, mixup > 0, count > 1 else { return nil }
    var generator = SplitMix64(seed: ~seed &+ Self.number(sample, view) &* 0x9FB2_1C65_1E98_DF25)
    let partner = generator.below(count)
    // Jöhnk's way to a Beta distribution with both parameters α ≤ 1.
    for _ in 0..<1000 {
      let x = pow(generator.unit(), 1 / mixup)
      let y = pow(generator.unit(), 1 / mixup)
      if x + y > 0 && x + y <= 1 { return (partner, x / (x + y)) }
    }
    return (partner, 1)
  }
}

/// The planes of an image tensor, each changed alike.
private struct Planes {
  let height: Int
  let width: Int

  /// nil where the tensor is no image.
  init?(_ shape: Shape) {
    guard (3...4).contains(shape.rank), shape[shape.rank - 2] > 0, shape[shape.rank - 1] > 0 else { return nil }
    (height, width) = (shape[shape.rank - 2], shape[shape.rank - 1])
  }

  func moved(_ values: [Float], dx: Int, dy: Int, isMirrored: Bool) -> [Float] {
    var result = values
    for base in stride(from: 0, to: values.count, by: height * width) {
      for y in 0..<height {
        let row = base + min(max(y - dy, 0), height - 1) * width
        for x in 0..<width {
          let column = min(max(x - dx, 0), width - 1)
          result[base + y * width + x] = values[row + (isMirrored ? width - 1 - column : column)]
        }
      }
    }
    return result
  }

  func turned(_ values: [Float], by angle: Double) -> [Float] {
    let (sine, cosine) = (Float(sin(angle)), Float(cos(angle)))
    let (middleY, middleX) = (Float(height - 1) / 2, Float(width - 1) / 2)
    var result = values
    for y in 0..<height {
      for x in 0..<width {
        let (dx, dy) = (Float(x) - middleX, Float(y) - middleY)
        let sourceX = min(max(cosine * dx + sine * dy + middleX, 0), Float(width - 1))
        let sourceY = min(max(cosine * dy - sine * dx + middleY, 0), Float(height - 1))
        let (left, top) = (Int(sourceX), Int(sourceY))
        let (right, bottom) = (min(left + 1, width - 1), min(top + 1, height - 1))
        let (shareX, shareY) = (sourceX - Float(left), sourceY - Float(top))
        for base in stride(from: 0, to: values.count, by: height * width) {
          func at(_ y: Int, _ x: Int) -> Float { values[base + y * width + x] }
          let upper = at(top, left) + shareX * (at(top, right) - at(top, left))
          let lower = at(bottom, left) + shareX * (at(bottom, right) - at(bottom, left))
          result[base + y * width + x] = upper + shareY * (lower - upper)
        }
      }
    }
    return result
  }

  func hide(_ values: inout [Float], side: Int, at place: (Double, Double)) {
    let top = Int(place.0 * Double(height)) - side / 2
    let left = Int(place.1 * Double(width)) - side / 2
    let rows = max(top, 0)..<max(0, min(top + side, height))
    let columns = max(left, 0)..<max(0, min(left + side, width))
    for base in stride(from: 0, to: values.count, by: height * width) {
      for y in rows { for x in columns { values[base + y * width + x] = 0 } }
    }
  }
}
