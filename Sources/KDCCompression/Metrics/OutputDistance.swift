import KDCGraph
import KDCTensor
import KDCTraining

/// How far a quantised model's outputs are from what is wanted, as one number to compare choices by.
///
/// Of every output, noise power over signal power against the float model (`SignalQuality`: means over the samples taken
/// away, the worst group of channels). An output that is known to give probabilities has a divergence besides, in nats,
/// and the larger of the two counts: 0.01 is 20 dB, or about the divergence at which one answer in fifty changes.
///
/// A vector whose meaning nothing tells is judged as a signal alone: of an embedding a softmax would make nearly equal
/// probabilities, whatever becomes of it.
package enum OutputDistance {
  /// Mean over the outputs. Divergences are those from the float student and, where given, from the teacher: halves of
  /// both (T = 1).
  ///
  /// - Parameters:
  ///   - teacher: outputs by name and sample, for the samples of `result`, as the student writes its own down.
  ///   - kinds: what outputs mean; those of the result's graph where nil.
  package static func mean(
    _ result: Quantizer.Result, teacher: [String: [Tensor]]?, outputs: [String], types: [String: TensorType],
    kinds: [String: OutputKind]? = nil
  ) -> Double {
    let kinds = kinds ?? result.graph.outputKinds
    let distances = outputs.map { name in
      let head = Head(name: name, shape: types[name]?.shape ?? [], labels: nil, output: kinds[name])
      return distance(
        head, (result.quantizedOutputs[name] ?? []).map(\.asFloats), (result.floatOutputs[name] ?? []).map(\.asFloats),
        teacher: teacher?[name]?.map(\.asFloats))
    }
    return distances.reduce(0, +) / Double(max(distances.count, 1))
  }

  /// Of one output; infinite where values are not finite.
  static func distance(
    _ head: Head, _ values: [[Float]], _ wanted: [[Float]], teacher: [[Float]]? = nil
  ) -> Double {
    guard values.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return .infinity }
    let noise = SignalQuality(head, outputs: values, wanted: wanted)?.noise ?? 0
    guard head.isKnownDistribution else { return noise }
    let logits = head.logits(values)
    var divergence = head.divergence(logits, from: head.logits(wanted), temperature: 1)
    if let teacher {
      divergence = (divergence + head.divergence(logits, from: head.logits(teacher), temperature: 1)) / 2
    }
    return max(noise, divergence)
  }
}
