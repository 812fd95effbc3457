import KDCGraph

/// How an activation's int8 range is chosen from the values seen in calibration.
package enum RangeMethod: String, Sendable, CaseIterable {
  /// Smallest to largest value.
  case minMax
  /// The range with the least mean squared error of rounding inside and clipping outside.
  case meanSquaredError
  /// The middle 99.98 %.
  case percentile

  /// The range within the histogram's extremes, for values of so many bits.
  package func range(of histogram: Histogram, bits: Int = 8) -> (low: Double, high: Double) {
    switch self {
    case .minMax: (Double(histogram.low), Double(histogram.high))
    case .meanSquaredError: leastError(histogram, bits)
    case .percentile: percentile(histogram, tail: 1e-4)
    }
  }

  private func percentile(_ histogram: Histogram, tail: Double) -> (low: Double, high: Double) {
    let allowed = Int(tail * Double(histogram.counts.reduce(0, +)))
    func firstBin(_ bins: some Sequence<Int>) -> Int? {
      var passed = 0
      for bin in bins {
        passed += histogram.counts[bin]
        if passed > allowed { return bin }
      }
      return nil
    }
    guard let first = firstBin(histogram.counts.indices), let last = firstBin(histogram.counts.indices.reversed())
    else { return (Double(histogram.low), Double(histogram.high)) }
    let half = (Double(histogram.high) - Double(histogram.low)) / Double(2 * Histogram.binCount)
    return (histogram.center(first) - half, histogram.center(last) + half)
  }

  /// Tries to clip an end at 1.00, 0.98, … 0.30 of its extreme, the high end first, then the low, then the high again;
  /// keeps what has the least Σ count · (x − rounded x)² over the bins' middles.
  private func leastError(_ histogram: Histogram, _ bits: Int) -> (low: Double, high: Double) {
    let filled = histogram.counts.indices.filter { histogram.counts[$0] > 0 }
    let points = filled.map { (x: histogram.center($0), count: Double(histogram.counts[$0])) }
    func error(_ low: Double, _ high: Double) -> Double {
      let parameters = QuantizationParameters(low: low, high: high, bits: bits)
      let scale = Double(parameters.scale)
      let first = Double(parameters.limits.lowerBound - parameters.zeroPoint)
      let last = Double(parameters.limits.upperBound - parameters.zeroPoint)
      var sum = 0.0
      for point in points {
        let q = (point.x / scale).rounded(.toNearestOrEven)
        let difference = point.x - scale * (q < first ? first : q > last ? last : q)
        sum += point.count * difference * difference
      }
      return sum
    }
    let ends = (low: Double(histogram.low), high: Double(histogram.high))
    var best = (low: ends.low, high: ends.high, error: error(ends.low, ends.high))
    let ratios = (1...35).map { 1 - 0.02 * Double($0) }
    for clipsHigh in [true, false, true] where clipsHigh ? ends.high > 0 : ends.low < 0 {
      for ratio in ratios {
        let low = clipsHigh ? best.low : ends.low * ratio
        let high = clipsHigh ? ends.high * ratio : best.high
        let found = error(low, high)
        if found < best.error { best = (low, high, found) }
      }
    }
    return (best.low, best.high)
  }
}

extension QuantizationParameters {
  /// int8 parameters that cover low...high and represent 0 exactly:
  ///
  ///     l = min(low, 0), h = max(high, 0), scale = (h − l) / 255, zeroPoint = round(−128 − l / scale)
  ///
  /// with 127 and −64 for 7 bits. An empty range (all values 0) gets the scale 1/255.
  package init(low: Double, high: Double, bits: Int = 8) {
    let (l, h) = (Swift.min(low, 0), Swift.max(high, 0))
    // Far below any activation that matters, and far enough from denormals for 1 / scale.
    let limits = Self.limits(bits: bits)
    let (first, last) = (Double(limits.lowerBound), Double(limits.upperBound))
    let scale = h - l < 1e-20 ? 1.0 / 255 : (h - l) / (last - first)
    let zeroPoint = (first - l / scale).rounded(.toNearestOrEven)
    self.init(scale: Float(scale), zeroPoint: Int(Swift.min(Swift.max(zeroPoint, first), last)))
    self.bits = bits
  }

  /// The real numbers that the least and the largest q stand for.
  package var range: ClosedRange<Float> {
    Float(limits.lowerBound - zeroPoint) * scale...Float(limits.upperBound - zeroPoint) * scale
  }
}
