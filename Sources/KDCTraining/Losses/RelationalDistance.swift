extension LayerLoss {
  /// L = mean over pairs of samples of h(ψ(s) − ψ(t)) with ψ = the distance of the two samples' vectors over the mean distance
  /// of all pairs, and h Huber's loss with β = 1, times the number of samples: how samples lie to each other, in spaces of any
  /// dimension.
  ///
  /// Park, Kim, Lu and Cho, "Relational Knowledge Distillation", 2019, equations 4 to 6 (distance-wise). The samples are those
  /// of one chunk: pairs of samples in different chunks are not seen.
  package static let relational = LayerLoss(
    name: "relational", help: "Relational: distances between the samples of a chunk match the teacher's.",
    matchesSizes: false
  ) { student, teacher, _ in
    let n = student.samples
    var loss = FeatureLoss(gradient: [Double](repeating: 0, count: student.values.count))
    let pairs = (0..<n).flatMap { i in (i + 1..<max(n, i + 1)).map { (i, $0) } }
    guard !pairs.isEmpty else { return loss }
    let size = student.channels * student.places
    let (own, wanted) = (student.distances(pairs), teacher.distances(pairs))
    let count = Double(pairs.count)
    let mean = max(own.reduce(0, +) / count, 1e-12)
    let wantedMean = max(wanted.reduce(0, +) / count, 1e-12)
    let terms = zip(own, wanted).map { SmoothL1.evaluate([$0 / mean], target: [$1 / wantedMean]) }
    let scale = Double(n) / count
    loss.value = scale * terms.reduce(0) { $0 + $1.value }
    let slopes = terms.map { scale * $0.gradient[0] }
    // The mean distance moves with every distance.
    let common = zip(slopes, own).reduce(0) { $0 + $1.0 * $1.1 } / (mean * mean * count)
    for (index, (i, j)) in pairs.enumerated() where own[index] > 1e-12 {
      let slope = (slopes[index] / mean - common) / own[index]
      for k in 0..<size {
        let part = slope * (student.values[i * size + k] - student.values[j * size + k])
        loss.gradient[i * size + k] += part
        loss.gradient[j * size + k] -= part
      }
    }
    return loss
  }
}

extension FeatureMap {
  /// Between the samples of each pair.
  fileprivate func distances(_ pairs: [(Int, Int)]) -> [Double] {
    let size = channels * places
    return pairs.map { i, j in
      var sum = 0.0
      for k in 0..<size {
        let difference = values[i * size + k] - values[j * size + k]
        sum += difference * difference
      }
      return sum.squareRoot()
    }
  }
}
