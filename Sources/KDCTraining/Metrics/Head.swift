import KDCTensor

/// One output of a model and how it is judged.
package struct Head: Sendable {
  package enum Kind: Sendable, Equatable {
    /// One score per class: the largest wins.
    case classes(Int)
    /// One logit: above 0 means yes.
    case sign
    /// (centre x, centre y, width, height).
    case box
    /// Any other numbers, so many.
    case values(Int)
  }
  package let name: String
  package let kind: Kind
  /// A label per sample, if there are labels.
  package let labels: Tensor?

  /// - Parameters:
  ///   - shape: the output's, with batch 1.
  ///   - labels: `[n]` classes or `[n, …]` targets. Four float targets for four values are a box. Without labels an
  ///     output of four values is a box if its name says so.
  package init(name: String, shape: Shape, labels: Tensor?) {
    self.name = name
    self.labels = labels
    let isVector = shape.rank <= 2 && (shape.rank < 2 || shape[0] == 1)
    let perLabel = labels.map { $0.shape.count / max($0.shape.dims.first ?? 1, 1) }
    let isBox = labels.map { $0.dataType.isFloat && perLabel == 4 } ?? name.lowercased().contains("box")
    switch (isVector, shape.count) {
    case (true, 1): kind = perLabel ?? 1 == 1 ? .sign : .values(1)
    case (true, 4) where isBox: kind = .box
    case (true, 2...) where perLabel ?? 1 == 1: kind = .classes(shape.count)
    default: kind = .values(shape.count)
    }
  }

  init(name: String, kind: Kind, labels: Tensor?) {
    self.name = name
    self.kind = kind
    self.labels = labels
  }

  /// Whether the output stands for probabilities, so that a divergence means something.
  package var hasDistribution: Bool {
    switch kind {
    case .classes, .sign: true
    case .box, .values: false
    }
  }

  /// Whether any sample has a label: a class of −1 is none.
  package var hasLabels: Bool {
    guard let labels else { return false }
    return hasDistribution ? labels.asFloats.contains { $0 >= 0 } : labels.count > 0
  }

  /// What `score` is.
  package var metricName: String {
    switch kind {
    case .classes, .sign: "accuracy"
    case .box: "IoU"
    case .values: "MAE"
    }
  }

  /// The metric against labels; nil where no label has an answer (class −1) or labels do not fit.
  package func score(_ outputs: [[Float]], labels: Tensor) -> Double? {
    let size = labels.count / max(outputs.count, 1)
    guard size > 0, size * outputs.count == labels.count else { return nil }
    var sum = 0.0
    var count = 0
    let targets = labels.asFloats
    for (index, values) in outputs.enumerated() {
      let target = Array(targets[index * size..<(index + 1) * size])
      switch kind {
      case .classes:
        guard target[0] >= 0 else { continue }
        sum += Float(argmax(values)) == target[0] ? 1 : 0
      case .sign:
        guard target[0] >= 0 else { continue }
        sum += ((values.first ?? 0) > 0) == (target[0] > 0.5) ? 1 : 0
      case .box: sum += boxIoU(values, target)
      case .values:
        guard target.count == values.count else { return nil }
        sum += zip(values, target).reduce(0) { $0 + Double(abs($1.0 - $1.1)) } / Double(max(values.count, 1))
      }
      count += 1
    }
    return count > 0 ? sum / Double(count) : nil
  }

  /// KL(softmax(reference / T) ‖ softmax(values / T)) in nats.
  package func divergence(_ values: [Float], from reference: [Float], temperature: Double) -> Double {
    // A single logit z is the pair (z, 0).
    let q = logSoftmax(kind == .sign ? values + [0] : values, temperature)
    let p = logSoftmax(kind == .sign ? reference + [0] : reference, temperature)
    return max(0, zip(p, q).reduce(0) { $0 + exponential($1.0) * ($1.0 - $1.1) })
  }
}
