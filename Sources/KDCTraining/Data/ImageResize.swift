/// Resizing of planes, the same on every machine: separable, plain float32 sums in a fixed order.
package enum ImageResize {
  /// One plane of `input.height × input.width` values to another size. Along an axis that shrinks, each output pixel is
  /// the mean of the input pixels it covers, parts counted by area; along one that grows, the two nearest are blended by
  /// distance (pixel centres at half coordinates, edges repeated).
  package static func plane(
    _ values: [Float], from input: (width: Int, height: Int), to output: (width: Int, height: Int)
  ) -> [Float] {
    plane(from: input, to: output) { values[$0] }
  }

  /// The same of values that are given one by one, by their place row by row: a large picture needs no copy in floats.
  static func plane(
    from input: (width: Int, height: Int), to output: (width: Int, height: Int), value: (Int) -> Float
  ) -> [Float] {
    guard input.width != output.width || input.height != output.height else {
      return (0..<input.width * input.height).map(value)
    }
    let columns = weights(from: input.width, to: output.width)
    let rows = weights(from: input.height, to: output.height)
    var narrow = [Float](repeating: 0, count: input.height * output.width)
    for y in 0..<input.height {
      for (x, taps) in columns.enumerated() {
        var sum: Float = 0
        for tap in taps { sum += value(y * input.width + tap.index) * tap.weight }
        narrow[y * output.width + x] = sum
      }
    }
    var result = [Float](repeating: 0, count: output.height * output.width)
    for (y, taps) in rows.enumerated() {
      for tap in taps {
        for x in 0..<output.width {
          result[y * output.width + x] += narrow[tap.index * output.width + x] * tap.weight
        }
      }
    }
    return result
  }

  /// For each output position the input positions that it is made of.
  static func weights(from input: Int, to output: Int) -> [[(index: Int, weight: Float)]] {
    let ratio = Double(input) / Double(output)
    return (0..<output).map { (position: Int) -> [(index: Int, weight: Float)] in
      guard output < input else {
        let centre = (Double(position) + 0.5) * ratio - 0.5
        let low = min(max(Int(centre.rounded(.down)), 0), input - 1)
        let share = Float(min(max(centre - Double(low), 0), 1))
        guard share > 0, low < input - 1 else { return [(index: low, weight: Float(1))] }
        return [(index: low, weight: 1 - share), (index: low + 1, weight: share)]
      }
      let (begin, end) = (Double(position) * ratio, Double(position + 1) * ratio)
      let last = min(Int(end.rounded(.up)), input)
      return (Int(begin)..<last).map { index in
        let covered = min(end, Double(index + 1)) - max(begin, Double(index))
        return (index, Float(covered / ratio))
      }
    }
  }
}
