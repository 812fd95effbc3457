import KDCTensor

/// Counts of a tensor's values over all samples in equal bins between their smallest and largest.
///
/// Exact zeros are counted apart: zero is always represented exactly, so they never cost anything.
package struct Histogram {
  static let binCount = 8192
  let low: Float
  let high: Float
  package private(set) var counts: [Int]

  /// Smallest and largest value; 0...0 where there are none, NaN where one is NaN.
  package static func extremes(of samples: [Tensor], threads: Threads) throws -> (low: Float, high: Float) {
    let perSample = try parallelMap(samples.count, threads: threads) { index in
      (samples[index].floats ?? []).withUnsafeBufferPointer { values in
        var low = Float.infinity
        var high = -Float.infinity
        for value in values {
          if value.isNaN { return (Float.nan, Float.nan) }
          low = value < low ? value : low
          high = value > high ? value : high
        }
        return (low, high)
      }
    }
    if perSample.contains(where: { $0.0.isNaN }) { return (.nan, .nan) }
    let low = perSample.map(\.0).min() ?? 0
    let high = perSample.map(\.1).max() ?? 0
    return low <= high ? (low, high) : (0, 0)
  }

  /// Counts the values of all samples, which lie in low...high. Counts are whole numbers, so that the way in which
  /// samples are spread over threads does not matter.
  package init(of samples: [Tensor], low: Float, high: Float, threads: Threads) throws {
    self.low = low
    self.high = high
    // Narrower ranges would make the quotient infinite; all their values fall into the first bin.
    let inverseWidth = high - low > 1e-30 ? Float(Self.binCount) / (high - low) : 0
    // Few pieces, because each has its own counts.
    let pieces = max(1, min(threads.count, samples.count))
    let parts = try parallelMap(pieces, threads: threads) { piece in
      var counts = [Int](repeating: 0, count: Self.binCount)
      counts.withUnsafeMutableBufferPointer { counts in
        for sample in samples[samples.count * piece / pieces..<samples.count * (piece + 1) / pieces] {
          (sample.floats ?? []).withUnsafeBufferPointer { values in
            for value in values where value != 0 {
              counts[min(Int((value - low) * inverseWidth), Self.binCount &- 1)] &+= 1
            }
          }
        }
      }
      return counts
    }
    counts = parts.dropFirst().reduce(into: parts[0]) { sum, part in
      for bin in sum.indices { sum[bin] += part[bin] }
    }
  }

  /// Value at the middle of a bin.
  func center(_ bin: Int) -> Double {
    Double(low) + (Double(bin) + 0.5) * (Double(high) - Double(low)) / Double(Self.binCount)
  }
}
