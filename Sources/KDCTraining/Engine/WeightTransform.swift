import KDCTensor

/// What the forward run sees of the parameters, where that is not the parameters themselves.
///
/// Gradients pass to the parameters unchanged (straight through): Bengio, Léonard and Courville, "Estimating or
/// Propagating Gradients Through Stochastic Neurons for Conditional Computation", 2013.
package protocol WeightTransform: Sendable {
  /// The parameters to run with, in the same order and of the same shapes.
  func effective(_ parameters: Parameters) -> Parameters
  /// All that it does depends on, as text: a run is resumed only with the same.
  var summary: String { get }
}

/// Weights rounded to what `bits` signed bits can hold, with a scale for each output channel (the first dimension).
///
/// Training with them is quantisation-aware training: Jacob et al., "Quantization and Training of Neural Networks for
/// Efficient Integer-Arithmetic-Only Inference", 2018.
package struct FakeQuantizedWeights: WeightTransform {
  /// Bits by parameter name, 2...8; others stay as they are.
  package let bits: [String: Int]
  /// Scales by parameter name, one for each output channel. Where a parameter has none they are found at every step: the
  /// one of some candidates below max |w| / (2ᵇ⁻¹ − 1) with the least squared error.
  package let scales: [String: [Float]]

  package init(bits: [String: Int], scales: [String: [Float]] = [:]) {
    self.bits = bits
    self.scales = scales
  }

  package var summary: String {
    let names = Set(bits.keys).union(scales.keys).sorted()
    return names.map { "\($0) \(bits[$0] ?? 0) \(scales[$0] ?? [])" }.joined(separator: "\n")
  }

  package func effective(_ parameters: Parameters) -> Parameters {
    var result = parameters
    for (index, name) in parameters.names.enumerated() {
      guard let bits = bits[name], let channels = parameters.shapes[index].dims.first, channels > 0 else { continue }
      let limit = Float((1 << (max(2, min(bits, 8)) - 1)) - 1)
      let size = parameters.values[index].count / channels
      result.values[index].withUnsafeMutableBufferPointer { weights in
        for channel in 0..<channels {
          let row = UnsafeMutableBufferPointer(rebasing: weights[channel * size..<(channel + 1) * size])
          let given = scales[name].flatMap { channel < $0.count ? $0[channel] : nil }
          let scale = given ?? Self.bestScale(row, limit: limit)
          guard scale > 0 else { continue }
          for i in row.indices { row[i] = Self.round(row[i], scale, limit) }
        }
      }
    }
    return result
  }

  private static func round(_ weight: Float, _ scale: Float, _ limit: Float) -> Float {
    min(max((weight / scale).rounded(.toNearestOrEven), -limit), limit) * scale
  }

  private static func bestScale(_ row: UnsafeMutableBufferPointer<Float>, limit: Float) -> Float {
    let largest = row.reduce(Float(0)) { max($0, abs($1)) }
    var best = (scale: largest / limit, error: Float.infinity)
    for step in 0..<12 {
      let scale = largest / limit * (1 - 0.04 * Float(step))
      let error = row.reduce(Float(0)) { sum, weight in
        let difference = weight - round(weight, scale, limit)
        return sum + difference * difference
      }
      if error < best.error { best = (scale, error) }
    }
    return best.scale
  }
}
