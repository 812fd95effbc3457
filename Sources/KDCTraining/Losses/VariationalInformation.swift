import Glibc

extension LayerLoss {
  /// L = mean over channels and places of ½ ln v_c + (t − μ(s))² / 2 v_c: up to a constant, the negated variational lower bound
  /// of the mutual information of the teacher's layer t and the student's s. μ is a learned map of s (a 1×1 convolution or a
  /// matrix in the training graph), v_c = softplus(α_c) + ε the learned variance of each of the teacher's channels.
  ///
  /// Ahn et al., "Variational Information Distillation for Knowledge Transfer", 2019, equations 5 and 6.
  package static let information = LayerLoss(
    name: "information", help: "Variational mutual information; a,b=c,d is each to each, sharing λ evenly.",
    helper: .regressorAndSpreads
  ) { mean, teacher, spreads in
    let n = Double(max(mean.channels * mean.places, 1))
    var loss = FeatureLoss(
      gradient: mean.values, parameters: [Double](repeating: 0, count: spreads.count))
    let places = mean.places
    loss.gradient.withUnsafeMutableBufferPointer { gradient in
      mean.values.withUnsafeBufferPointer { own in
        teacher.values.withUnsafeBufferPointer { wanted in
          for plane in 0..<mean.samples * mean.channels {
            let channel = plane % mean.channels
            let variance = spreads[channel] + 1e-3
            let scale = 1 / (variance * n)
            var squares = 0.0
            for i in plane &* places..<(plane &+ 1) &* places {
              let difference = own[i] - wanted[i]
              squares += difference * difference
              gradient[i] = scale * difference
            }
            loss.value += (0.5 * Double(places) * log(variance) + squares / (2 * variance)) / n
            loss.parameters[channel] += (0.5 * Double(places) / variance - squares / (2 * variance * variance)) / n
          }
        }
      }
    }
    return loss
  }
}
