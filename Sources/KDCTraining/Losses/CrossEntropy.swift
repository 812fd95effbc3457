import Glibc

/// L = −ln softmax(logits)[label], in nats; the gradient is softmax(logits) less 1 at the label.
///
/// Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.2.2.3.
package enum CrossEntropy {
  /// `label` is in 0 ..< logits.count.
  package static func evaluate(_ logits: [Double], label: Int) -> SampleLoss {
    let logQ = logSoftmax(logits)
    var gradient = logQ.map { exp($0) }
    gradient[label] -= 1
    return SampleLoss(-logQ[label], gradient)
  }
}
