import KDCTensor

/// How sure a head of classes is, and how right: its confusion matrix, and its confidences against its accuracy.
///
/// Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", 2017, equation 3, with 20 bins.
package struct Certainty: Sendable, Codable, Equatable {
  package static let bins = 20

  package var output: String
  /// Samples by class (row) and answer (column); nil for more than 100 classes.
  package var confusion: [[Int]]?
  /// Mean over classes of the harmonic mean of precision and recall; classes that neither occur nor are answered do not count.
  package var f1: Double?
  /// Samples by confidence, the largest probability: bin i holds i/20 ... (i+1)/20.
  package var histogram: [Int]
  /// Share of right answers in each bin; nil in empty ones, or without labels.
  package var accuracies: [Double?]
  /// Σ (samples of a bin / all) · |accuracy − mean confidence|.
  package var calibrationError: Double?
  /// Mean confidence.
  package var confidence: Double

  /// nil for heads that give no class, and for outputs that are not finite.
  package init?(_ head: Head, outputs: [[Float]]) {
    let isSign = head.kind == .sign
    guard isSign || head.isExclusive, !outputs.isEmpty else { return nil }
    let outputs = head.logits(outputs)
    let labels = head.labels.map(\.asFloats)
    let classes = isSign ? 2 : outputs[0].count
    output = head.name
    histogram = [Int](repeating: 0, count: Self.bins)
    var matrix = classes <= 100 ? [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes) : []
    // By class: right answers, and samples of the class plus answers that name it.
    var hits = [Int](repeating: 0, count: classes)
    var mentions = hits
    var right = [Int](repeating: 0, count: Self.bins)
    var labelled = [Int](repeating: 0, count: Self.bins)
    var sums = [Double](repeating: 0, count: Self.bins)
    var total = 0.0
    for (index, values) in outputs.enumerated() {
      // A single logit z is the pair (0, z).
      let scores = isSign ? [0] + values : values
      let answer = argmax(scores)
      let confidence = exponential(logSoftmax(scores, 1)[answer])
      guard confidence.isFinite else { return nil }
      let bin = min(Self.bins - 1, max(0, Int(confidence * Double(Self.bins))))
      histogram[bin] += 1
      total += confidence
      guard let labels, index < labels.count, labels[index] >= 0, labels[index] < Float(classes) else { continue }
      let label = isSign ? (labels[index] > 0.5 ? 1 : 0) : Int(labels[index])
      if !matrix.isEmpty { matrix[label][answer] += 1 }
      mentions[label] += 1
      mentions[answer] += 1
      hits[label] += label == answer ? 1 : 0
      labelled[bin] += 1
      sums[bin] += confidence
      right[bin] += label == answer ? 1 : 0
    }
    confidence = total / Double(outputs.count)
    accuracies = zip(right, labelled).map { $1 > 0 ? Double($0) / Double($1) : nil }
    let count = labelled.reduce(0, +)
    guard count > 0 else { return }
    calibrationError = (0..<Self.bins).reduce(0) { $0 + abs(Double(right[$1]) - sums[$1]) / Double(count) }
    confusion = matrix.isEmpty ? nil : matrix
    // 2 / (1 / precision + 1 / recall).
    let scores = zip(hits, mentions).compactMap { $1 > 0 ? 2 * Double($0) / Double($1) : nil }
    f1 = scores.isEmpty ? nil : scores.reduce(0, +) / Double(scores.count)
  }
}
