import KDCDiagnostics
import KDCTensor

/// The distance from the answers of teacher and original student, and from labels, summed over the heads:
///
///     L = (1 − α) · (s · D(teacher) + (1 − s) · D(student)) + α · hard(label)
///
/// D by the kind of head: T² · KL at temperature T for classes, T² · KL of the two probabilities for yes and no, and the
/// mean squared error (or smooth L1) over the targets' variance for boxes and other values, so that heads of all kinds weigh
/// alike. A vector of which nothing tells whether it holds scores has both. A sample without a label has α = 0; without a teacher s = 0; with neither it says nothing. Heads that give
/// probabilities are judged by the logits that these stand for; the gradient is that of the probabilities.
package struct DistillationLoss: Objective {
  /// How far values are from a teacher's.
  package enum Regression: Sendable, Hashable {
    case squared
    /// Linear beyond a tenth of the targets' standard deviation.
    case smoothL1
  }

  package struct Options: Sendable, Hashable {
    /// T, positive.
    package var temperature = 2.0
    /// s in 0…1: the teacher's part of the mixed target.
    package var teacherShare = 0.5
    /// α in 0…1: the labels' part.
    package var hardWeight = 0.0
    package var regression = Regression.squared
    /// Factors on the losses of heads by name; 1 for others.
    package var headWeights: [String: Double] = [:]
    package init() {}

    /// All of it as text, in a fixed order.
    package var summary: String {
      let weights = headWeights.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      return "\(temperature) \(teacherShare) \(hardWeight) \(regression) \(weights)"
    }
  }

  package let targets: any TargetSource
  package let options: Options

  package init(_ targets: any TargetSource, options: Options = Options()) {
    self.targets = targets
    self.options = options
  }

  /// The same without labels: what held-out samples are judged by.
  package var soft: DistillationLoss {
    var options = options
    options.hardWeight = 0
    return DistillationLoss(targets, options: options)
  }

  package func evaluate(
    _ tape: Tape, samples: [Int], factor: Double
  ) throws -> (loss: Double, gradients: [String: Tensor]) {
    var loss = 0.0
    var gradients: [String: Tensor] = [:]
    for head in targets.heads {
      guard let output = tape[head.name] else { throw InternalError("no value for output '\(head.name)'") }
      let values = output.asFloats
      let width = values.count / max(samples.count, 1)
      let weight = options.headWeights[head.name] ?? 1
      var gradient: [Float] = []
      gradient.reserveCapacity(values.count)
      for (row, sample) in samples.enumerated() {
        let answer = values[row * width..<(row + 1) * width].map(Double.init)
        let result = factor * weight * self.loss(head, answer, sample: sample)
        loss += result.value
        for part in result.gradient { gradient.append(Float(part)) }
      }
      gradients[head.name] = Tensor(output.shape, gradient)
    }
    return (loss, gradients)
  }

  private func loss(_ head: Head, _ answer: [Double], sample: Int) -> SampleLoss {
    var soft = SampleLoss(0, [Double](repeating: 0, count: answer.count))
    let teacher = targets.teacher(head, sample)
    let share = teacher == nil ? 0 : options.teacherShare
    if let teacher, share > 0 { soft = share * distance(head, answer, teacher) }
    if share < 1, let student = targets.student(head, sample) {
      soft = soft + (1 - share) * distance(head, answer, student)
    }
    let labels = options.hardWeight > 0 ? targets.labels(head, sample) : []
    guard !labels.isEmpty else { return soft }
    var hard = SampleLoss(0, [Double](repeating: 0, count: answer.count))
    for label in labels { hard = hard + label.share * self.hard(head, answer, label.value) }
    return (1 - options.hardWeight) * soft + options.hardWeight * hard
  }

  private func distance(_ head: Head, _ answer: [Double], _ target: [Double]) -> SampleLoss {
    guard head.hasDistribution else { return regression(head, answer, target) }
    let wanted = head.form.differentiableLogits(target, isExclusive: head.isExclusive).logits
    let divergence = scored(head, answer) { logits in
      guard !head.isExclusive else {
        return KullbackLeibler.evaluate(logits, target: wanted, temperature: options.temperature)
      }
      return options.temperature * options.temperature
        * answers(logits, wanted.map { BinaryCrossEntropy.sigmoid($0) }, lessEntropy: true)
    }
    // Of a vector of unknown meaning a softmax may show nothing: its values count as well.
    return head.isKnownDistribution ? divergence : divergence + regression(head, answer, target)
  }

  /// A loss of logits as one of the head's scores.
  private func scored(_ head: Head, _ answer: [Double], _ loss: ([Double]) -> SampleLoss) -> SampleLoss {
    let (logits, slopes) = head.form.differentiableLogits(answer, isExclusive: head.isExclusive)
    var result = loss(logits)
    result.gradient = zip(result.gradient, slopes).map { $0 * $1 }
    return result
  }

  /// The mean over questions of their own; one with a negative probability is not asked.
  private func answers(_ logits: [Double], _ probabilities: [Double], lessEntropy: Bool) -> SampleLoss {
    let parts = zip(logits, probabilities).map { logit, probability in
      guard probability >= 0 else { return SampleLoss(0, [0]) }
      var loss = BinaryCrossEntropy.evaluate(logit, probability: probability)
      if lessEntropy { loss.value -= BinaryCrossEntropy.entropy(probability) }
      return loss
    }
    let share = 1 / Double(max(1, probabilities.count { $0 >= 0 }))
    return share * SampleLoss(parts.reduce(0) { $0 + $1.value }, parts.flatMap(\.gradient))
  }

  private func regression(_ head: Head, _ answer: [Double], _ target: [Double]) -> SampleLoss {
    let variance = targets.variance(head)
    switch options.regression {
    case .squared: return 1 / variance * MeanSquaredError.evaluate(answer, target: target)
    case .smoothL1:
      let deviation = variance.squareRoot()
      var loss = SmoothL1.evaluate(answer.map { $0 / deviation }, target: target.map { $0 / deviation }, beta: 0.1)
      loss.gradient = loss.gradient.map { $0 / deviation }
      return loss
    }
  }

  private func hard(_ head: Head, _ answer: [Double], _ label: [Double]) -> SampleLoss {
    switch head.kind {
    case .classes: return scored(head, answer) { CrossEntropy.evaluate($0, label: Int(label[0])) }
    case .sign, .independent:
      guard label.count == answer.count else { return SampleLoss(0, [Double](repeating: 0, count: answer.count)) }
      return scored(head, answer) { answers($0, label, lessEntropy: false) }
    // A label of a place can be far off where the model is: its pull is bounded.
    case .box where options.regression == .squared:
      return 1 / targets.variance(head) * SmoothL1.evaluate(answer, target: label, beta: 0.1)
    case .box, .values:
      return label.count == answer.count
        ? regression(head, answer, label) : SampleLoss(0, [Double](repeating: 0, count: answer.count))
    }
  }
}
