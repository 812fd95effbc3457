import Glibc

/// L = T² · KL(p ‖ q) = T² · Σ pᵢ (ln pᵢ − ln qᵢ) with p = softmax(target / T) and q = softmax(logits / T), in nats.
///
/// The gradient is T (q − p): the factor T² keeps it of one size for every temperature. Hinton, Vinyals and Dean,
/// "Distilling the Knowledge in a Neural Network", 2015.
package enum KullbackLeibler {
  package static func evaluate(_ logits: [Double], target: [Double], temperature: Double) -> SampleLoss {
    let logQ = logSoftmax(logits, temperature: temperature)
    let logP = logSoftmax(target, temperature: temperature)
    var value = 0.0
    var gradient = [Double](repeating: 0, count: logits.count)
    for index in logits.indices {
      let p = exp(logP[index])
      value += p * (logP[index] - logQ[index])
      gradient[index] = temperature * (exp(logQ[index]) - p)
    }
    return SampleLoss(temperature * temperature * value, gradient)
  }
}
