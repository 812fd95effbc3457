import KDCTensor
import KDCTraining

/// How far a quantised model's outputs are from what is wanted, as one number to compare choices by.
package enum OutputDistance {
  /// Mean over the outputs. For class scores and signs: KL from the float student plus, where given, KL from the
  /// teacher (T = 1, halves of both). For others: noise power over signal power against the student.
  ///
  /// - Parameter teacher: outputs by name and sample, for the samples of `result`.
  package static func mean(
    _ result: Quantizer.Result, teacher: [String: [Tensor]]?, outputs: [String], types: [String: TensorType]
  ) -> Double {
    let distances = outputs.map { name in
      let head = Head(name: name, shape: types[name]?.shape ?? [], labels: nil)
      let values = (result.quantizedOutputs[name] ?? []).map(\.asFloats)
      let student = distance(head, values, (result.floatOutputs[name] ?? []).map(\.asFloats))
      guard head.hasDistribution, let wanted = teacher?[name] else { return student }
      return (student + distance(head, values, wanted.map(\.asFloats))) / 2
    }
    return distances.reduce(0, +) / Double(max(distances.count, 1))
  }

  static func distance(_ head: Head, _ values: [[Float]], _ wanted: [[Float]]) -> Double {
    if head.hasDistribution {
      return zip(values, wanted).reduce(0) { $0 + head.divergence($1.0, from: $1.1, temperature: 1) }
        / Double(max(values.count, 1))
    }
    var signal = 0.0
    var noise = 0.0
    for (x, y) in zip(values.joined(), wanted.joined()) {
      signal += Double(y) * Double(y)
      noise += Double(x - y) * Double(x - y)
    }
    return signal > 0 ? noise / signal : noise
  }
}
