extension LayerLoss {
  /// L = 1/n² · ‖Ĝ(s) − Ĝ(t)‖² with G the inner products of n samples' vectors and Ĝ its rows over their lengths, times the
  /// number of samples: which samples a layer takes to be alike, in spaces of any dimension. The samples are those of one
  /// chunk.
  ///
  /// Tung and Mori, "Similarity-Preserving Knowledge Distillation", 2019, equations 2 to 4.
  package static let similarity = LayerLoss(
    name: "similarity", help: "Similarity: the student's layer finds the same samples alike as the teacher's.",
    matchesSizes: false
  ) { student, teacher, _ in
    let n = student.samples
    var loss = FeatureLoss(gradient: [Double](repeating: 0, count: student.values.count))
    let size = student.channels * student.places
    let (own, wanted) = (student.similarities, teacher.similarities)
    // ∂L/∂G: rows of G over their lengths, so the part of a difference along its row changes nothing.
    var slopes = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      let differences = zip(own[i].unit, wanted[i].unit).map { $0 - $1 }
      loss.value += differences.reduce(0) { $0 + $1 * $1 } / Double(n)
      let along = zip(differences, own[i].unit).reduce(0) { $0 + $1.0 * $1.1 }
      for j in 0..<n {
        slopes[i * n + j] = 2 * (differences[j] - along * own[i].unit[j]) / (own[i].length * Double(n))
      }
    }
    for i in 0..<n {
      for j in 0..<n {
        let slope = slopes[i * n + j] + slopes[j * n + i]
        for k in 0..<size { loss.gradient[i * size + k] += slope * student.values[j * size + k] }
      }
    }
    return loss
  }
}

extension FeatureMap {
  /// Each sample's inner products with all samples, over their length, and that length.
  fileprivate var similarities: [(unit: [Double], length: Double)] {
    let size = channels * places
    return (0..<samples).map { i in
      let products = (0..<samples).map { j in
        (0..<size).reduce(0) { $0 + values[i * size + $1] * values[j * size + $1] }
      }
      let length = max(products.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
      return (products.map { $0 / length }, length)
    }
  }
}
