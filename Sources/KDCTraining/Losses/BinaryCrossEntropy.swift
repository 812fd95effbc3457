import Glibc

/// L = −p ln σ(z) − (1 − p) ln(1 − σ(z)) = ln(1 + eᶻ) − p z of one logit z and a probability p; the gradient is σ(z) − p.
///
/// Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.2.2.2.
package enum BinaryCrossEntropy {
  package static func evaluate(_ logit: Double, probability: Double) -> SampleLoss {
    // ln(1 + eᶻ) without overflow.
    let softplus = max(logit, 0) + log1p(exp(-abs(logit)))
    return SampleLoss(softplus - probability * logit, [sigmoid(logit) - probability])
  }

  /// Its least value, where σ(z) = p: the difference is KL(p ‖ σ(z)).
  package static func entropy(_ probability: Double) -> Double {
    [probability, 1 - probability].reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
  }

  package static func sigmoid(_ logit: Double) -> Double {
    logit >= 0 ? 1 / (1 + exp(-logit)) : exp(logit) / (1 + exp(logit))
  }
}
