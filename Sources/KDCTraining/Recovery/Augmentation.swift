import Glibc
import KDCTensor

/// Further views of image samples: moved, mirrored, with noise. Made from a seed, so that a view is the same each time and
/// the teacher's answers to it can be cached.
package struct Augmentation: Sendable, Hashable {
  /// Number of views of each sample, the original included.
  package var views = 1
  /// Farthest shift in pixels, along both axes; the border is filled with the nearest pixels.
  package var shift = 0
  /// Whether half of the views are mirrored left to right.
  package var flipsHorizontally = false
  /// Standard deviation of the noise added to each number.
  package var noise = 0.0
  package var seed: UInt64 = 0
  package init() {}

  /// Changes `inputs` into view `view` of sample `sample`. Inputs `[1, channels, height, width]` and `[1, height, width]`
  /// are images and get the same shift and flip; others only the noise. View 0 is the original.
  package func apply(_ inputs: [String: Tensor], sample: Int, view: Int) -> [String: Tensor] {
    guard view > 0 else { return inputs }
    var generator = SplitMix64(seed: seed &+ UInt64(sample &* 64 &+ view) &* 0xD6E8_FEB8_6659_FD93)
    let dx = shift > 0 ? generator.below(2 * shift + 1) - shift : 0
    let dy = shift > 0 ? generator.below(2 * shift + 1) - shift : 0
    let isMirrored = flipsHorizontally && generator.below(2) == 1
    var result: [String: Tensor] = [:]
    for name in inputs.keys.sorted() {
      guard let tensor = inputs[name], var values = tensor.floats else {
        result[name] = inputs[name]
        continue
      }
      if (3...4).contains(tensor.shape.rank) {
        values = Self.move(
          values, height: tensor.shape[tensor.shape.rank - 2], width: tensor.shape[tensor.shape.rank - 1], dx: dx,
          dy: dy, isMirrored: isMirrored)
      }
      if noise > 0 { for index in values.indices { values[index] += Float(noise * Self.normal(&generator)) } }
      result[name] = Tensor(tensor.shape, values)
    }
    return result
  }

  private static func move(
    _ values: [Float], height: Int, width: Int, dx: Int, dy: Int, isMirrored: Bool
  ) -> [Float] {
    guard height > 0, width > 0 else { return values }
    var result = values
    for plane in 0..<values.count / (height * width) {
      let base = plane * height * width
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

  /// Box and Muller's transform.
  private static func normal(_ generator: inout SplitMix64) -> Double {
    (-2 * log(1 - generator.unit())).squareRoot() * cos(2 * .pi * generator.unit())
  }
}

/// Samples with their further views: view v of sample i is sample i + v · originals.
package struct AugmentedSamples: SampleSource {
  private let samples: any SampleSource
  private let augmentation: Augmentation

  package init(_ samples: any SampleSource, _ augmentation: Augmentation) {
    self.samples = samples
    self.augmentation = augmentation
  }

  package var count: Int { samples.count * viewCount }
  package var viewCount: Int { max(1, augmentation.views) }

  package func sample(_ index: Int) throws -> [String: Tensor] {
    let original = index % samples.count
    return augmentation.apply(try samples.sample(original), sample: original, view: index / samples.count)
  }
}
