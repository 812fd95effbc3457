import KDCGraph
import KDCTensor

/// One output of a model and how it is judged.
package struct Head: Sendable {
  package enum Kind: Sendable, Equatable {
    /// One score per class: the largest wins.
    case classes(Int)
    /// One score: yes or no.
    case sign
    /// So many scores, each of its own question: yes or no.
    case independent(Int)
    /// (centre x, centre y, width, height).
    case box
    /// Any other numbers, so many.
    case values(Int)
  }
  package let name: String
  package let kind: Kind
  /// How scores are written down; `logits` for boxes and values, which have none.
  package let form: ScoreForm
  /// What the output means; nil where neither the graph nor the user nor a label says.
  package let output: OutputKind?
  /// With batch 1.
  package let shape: Shape
  /// A label per sample, if there are labels.
  package let labels: Tensor?
  /// Labels came as a row of zeros and a one for each sample, and are taken as the classes of the ones.
  package let hadOneHotLabels: Bool

  /// - Parameters:
  ///   - shape: the output's, with batch 1.
  ///   - labels: `[n]` classes, `[n, …]` targets, or a row of zeros and a one for each sample. Four float targets for four
  ///     values are a box. Without labels an output of four values is a box if its name says so.
  ///   - output: what is known of its meaning.
  package init(name: String, shape: Shape, labels: Tensor?, output: OutputKind? = nil) {
    self.name = name
    self.shape = shape
    let count = shape.count
    let classes = labels.flatMap { OneHotLabels.classes($0, count: count) }
    let hasOneAxis = shape.dims.count { $0 != 1 } <= 1
    let isOneHot = classes != nil && hasOneAxis && ![.boxes, .regression, .embedding].contains(output)
    let labels = isOneHot ? classes : labels
    hadOneHotLabels = isOneHot
    self.labels = labels
    let perLabel = labels.map { $0.shape.count / max($0.shape.dims.first ?? 1, 1) }
    let isScored = perLabel == 1 && labels?.isWhole == true
    // Maps of one place are vectors where that is known.
    let isKnownVector = hasOneAxis && (output != nil || isScored)
    let isVector = isKnownVector || (shape.rank <= 2 && (shape.rank < 2 || shape[0] == 1))
    let hasBoxLabels = labels.map { $0.dataType.isFloat && perLabel == 4 } ?? name.lowercased().contains("box")
    switch output {
    case .logits, .probabilities, .logProbabilities, .sigmoid:
      kind =
        !isVector
        ? .values(count)
        : count == 1 ? .sign : output == .sigmoid && !isScored ? .independent(count) : .classes(count)
    case .boxes: kind = count == 4 ? .box : .values(count)
    case .embedding, .regression: kind = isVector && count > 1 && isScored ? .classes(count) : .values(count)
    case nil where !isVector: kind = .values(count)
    case nil where count == 1: kind = perLabel ?? 1 == 1 && labels?.isAnswer ?? true ? .sign : .values(1)
    case nil where count == 4 && hasBoxLabels: kind = .box
    case nil where count > 1 && perLabel ?? 1 == 1: kind = .classes(count)
    case nil: kind = .values(count)
    }
    switch kind {
    case .classes, .sign, .independent:
      form = ScoreForm(output)
      let isOverruled = output == .embedding || output == .regression
      self.output = isOverruled || (output == nil && labels != nil) ? .logits : output
    case .box, .values:
      form = .logits
      self.output = output
    }
  }

  /// The head with other labels of the same form.
  package init(_ head: Head, labels: Tensor?) {
    name = head.name
    kind = head.kind
    form = head.form
    output = head.output
    shape = head.shape
    self.labels = labels
    hadOneHotLabels = head.hadOneHotLabels
  }

  /// Whether the output stands for probabilities, so that a divergence means something.
  package var hasDistribution: Bool {
    switch kind {
    case .classes, .sign, .independent: true
    case .box, .values: false
    }
  }

  /// Whether that is known, and not only assumed from the output's shape.
  package var isKnownDistribution: Bool { hasDistribution && output != nil }

  /// Whether any sample has a label: a class of −1 is none.
  package var hasLabels: Bool {
    guard let labels else { return false }
    return hasDistribution ? labels.asFloats.contains { $0 >= 0 } : labels.count > 0
  }

  /// What `score` is.
  package var metricName: String {
    switch kind {
    case .classes, .sign, .independent: "accuracy"
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
        sum += form.isYes(values.first ?? 0) == (target[0] > 0.5) ? 1 : 0
      case .independent:
        guard target.count == values.count else { return nil }
        let asked = zip(values, target).filter { $0.1 >= 0 }
        guard !asked.isEmpty else { continue }
        sum += Double(asked.count { form.isYes($0.0) == ($0.1 > 0.5) }) / Double(asked.count)
      case .box: sum += boxIoU(values, target)
      case .values:
        guard target.count == values.count else { return nil }
        sum += zip(values, target).reduce(0) { $0 + Double(abs($1.0 - $1.1)) } / Double(max(values.count, 1))
      }
      count += 1
    }
    return count > 0 ? sum / Double(count) : nil
  }

  /// The outputs of all samples as logits: what softmax, or a sigmoid of each value, makes the model's probabilities of.
  package func logits(_ outputs: [[Float]]) -> [[Float]] { form.logits(outputs, isExclusive: isExclusive) }

  /// Whether probabilities are those of classes that exclude each other.
  package var isExclusive: Bool { if case .classes = kind { true } else { false } }

  /// Mean over the samples of KL(softmax(reference / T) ‖ softmax(outputs / T)) in nats, both as logits; for yes and no
  /// of the two probabilities, and the mean of several.
  package func divergence(_ outputs: [[Float]], from reference: [[Float]], temperature: Double) -> Double {
    guard !outputs.isEmpty else { return 0 }
    return zip(outputs, reference).reduce(0) { sum, pair in
      guard !isExclusive else { return sum + Self.divergence(pair.0, pair.1, temperature) }
      // A single logit z is the pair (z, 0).
      return sum + zip(pair.0, pair.1).reduce(0) { $0 + Self.divergence([$1.0, 0], [$1.1, 0], temperature) }
        / Double(max(pair.0.count, 1))
    } / Double(outputs.count)
  }

  private static func divergence(_ values: [Float], _ reference: [Float], _ temperature: Double) -> Double {
    let q = logSoftmax(values, temperature)
    let p = logSoftmax(reference, temperature)
    return max(0, zip(p, q).reduce(0) { $0 + exponential($1.0) * ($1.0 - $1.1) })
  }
}

extension Graph {
  /// An output as it is judged.
  package func head(_ name: String, labels: Tensor? = nil) -> Head {
    Head(name: name, shape: types[name]?.shape ?? [], labels: labels, output: outputKinds[name])
  }

  /// All outputs, in order, with their labels.
  package func heads(labels: [String: Tensor] = [:]) -> [Head] { outputs.map { head($0, labels: labels[$0]) } }
}

extension Tensor {
  /// Whether all are whole numbers.
  fileprivate var isWhole: Bool { !dataType.isFloat || asFloats.allSatisfy { $0 == $0.rounded() } }
  /// Whether all can say yes or no: −1 (nothing) and 0…1, or whole numbers, of which others are faults.
  fileprivate var isAnswer: Bool { !dataType.isFloat || asFloats.allSatisfy { (-1...1).contains($0) } }
}
