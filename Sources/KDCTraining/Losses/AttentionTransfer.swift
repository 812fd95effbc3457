extension LayerLoss {
  /// L = ½ · ‖q(s) / ‖q(s)‖ − q(t) / ‖q(t)‖‖² with q the sum of squares over channels at each place: where a layer looks,
  /// not what it sees. Layers may have any numbers of channels.
  ///
  /// Zagoruyko and Komodakis, "Paying More Attention to Attention", 2017, equation 2 with p = 2.
  package static let attention = LayerLoss(
    name: "attention", help: "Attention transfer: the student's layer looks where the teacher's does.",
    needsPlaces: true
  ) { student, teacher, _ in
    var loss = FeatureLoss(gradient: [Double](repeating: 0, count: student.values.count))
    for sample in 0..<student.samples {
      let (own, wanted) = (student.attention(sample), teacher.attention(sample))
      let differences = zip(own.unit, wanted.unit).map { $0 - $1 }
      loss.value += 0.5 * differences.reduce(0) { $0 + $1 * $1 }
      // Through q / ‖q‖: the part of the difference along q itself changes nothing.
      let along = zip(differences, own.unit).reduce(0) { $0 + $1.0 * $1.1 }
      for place in 0..<student.places {
        let slope = (differences[place] - along * own.unit[place]) / own.length
        for channel in 0..<student.channels {
          let i = (sample * student.channels + channel) * student.places + place
          loss.gradient[i] = 2 * student.values[i] * slope
        }
      }
    }
    return loss
  }
}

extension FeatureMap {
  /// q / ‖q‖ of a sample, and ‖q‖.
  fileprivate func attention(_ sample: Int) -> (unit: [Double], length: Double) {
    var sums = [Double](repeating: 0, count: places)
    for channel in 0..<channels {
      for place in 0..<places {
        let value = values[(sample * channels + channel) * places + place]
        sums[place] += value * value
      }
    }
    let length = max(sums.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
    return (sums.map { $0 / length }, length)
  }
}
