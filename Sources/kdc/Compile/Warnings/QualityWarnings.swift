import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTraining

/// What is suspicious about the compiled model's answers.
struct QualityWarnings {
  /// Decibels below which an output is not what the float model gives.
  static let leastSignalToNoise = 20.0
  /// Share of equal answers.
  static let leastAgreement = 0.95

  let model: String
  let heads: [Head]
  /// Outputs that no input reaches.
  var constants: Set<String> = []

  /// The compiled model against the float model that was quantised, on the same samples.
  func quantized(_ outputs: [String: [[Float]]], float: [String: [[Float]]]) -> [Diagnostic] {
    heads.flatMap { head -> [Diagnostic] in
      guard let own = outputs[head.name], let wanted = float[head.name], own.count == wanted.count, !own.isEmpty else {
        return []
      }
      let place = Place(file: model, detail: "output '\(head.name)'")
      let metrics = HeadMetrics(head, outputs: own, reference: wanted)
      if let bad = metrics.notFinite {
        return [
          Diagnostic(
            .lowSignal, severity: .warning, "'\(head.name)' is NaN or infinite for \(bad) of \(own.count) samples",
            at: place, hint: Self.hint)
        ]
      }
      if let fault = constant(head, own, wanted, place) { return [fault] }
      return [signal(head, metrics, place), answers(head, metrics, own.count, place)].compactMap { $0 }
    }
  }

  /// The pruned float model against the student.
  func pruned(_ outputs: [String: [[Float]]], student: [String: [[Float]]]) -> [Diagnostic] {
    heads.compactMap { head in
      guard let own = outputs[head.name], let wanted = student[head.name], own.count == wanted.count else { return nil }
      let metrics = HeadMetrics(head, outputs: own, reference: wanted)
      guard let agreement = differing(head, metrics, own.count) else { return nil }
      return Diagnostic(
        .lowAgreement, severity: .warning,
        "the smaller model and the student agree on '\(head.name)' in \(agreement) of the samples", at: place(head),
        hint: "remove less (--prune, or larger budgets), or give more samples or epochs to recover (--train, --recover)"
      )
    }
  }

  /// The student against its teacher: less than half of the same answers is no teaching.
  func taught(_ student: [String: [[Float]]], teacher: [String: [[Float]]]) -> [Diagnostic] {
    heads.compactMap { head in
      guard head.isKnownDistribution, let own = student[head.name], let wanted = teacher[head.name],
        own.count >= SampleWarnings.fewestSamples,
        let agreement = HeadMetrics(head, outputs: own, reference: wanted).agreement, agreement < 0.5
      else { return nil }
      return Diagnostic(
        .differentScales, severity: .warning,
        String(format: "student and teacher agree on '%@' in %.1f %% of the samples", head.name, 100 * agreement),
        at: place(head),
        hint:
          "does the teacher take its inputs on another scale? Say how with --teacher-preprocess scale=…,mean=…,std=…")
    }
  }

  private static let hint =
    "`kdc explain` shows the error of each layer; --activations float keeps the model as it is"

  private func place(_ head: Head) -> Place { Place(file: model, detail: "output '\(head.name)'") }

  private func constant(_ head: Head, _ own: [[Float]], _ wanted: [[Float]], _ place: Place) -> Diagnostic? {
    guard own.count > 1, !constants.contains(head.name), own.dropFirst().allSatisfy({ $0 == own[0] }) else {
      return nil
    }
    let isFloat = !wanted.dropFirst().allSatisfy { $0 == wanted[0] }
    guard isFloat || own.count >= SampleWarnings.fewestSamples else { return nil }
    return Diagnostic(
      .constantOutput, severity: .warning, "'\(head.name)' is the same for all \(own.count) samples", at: place,
      notes: [isFloat ? "that of the float model is not" : "so is that of the float model"],
      hint: isFloat ? Self.hint : "check the samples and their scale: they may all look alike to the model")
  }

  private func signal(_ head: Head, _ metrics: HeadMetrics, _ place: Place) -> Diagnostic? {
    guard let lowest = metrics.lowestSignalToNoise, lowest < Self.leastSignalToNoise else { return nil }
    var notes: [String] = []
    if let group = metrics.lowestGroup, group.signalToNoise == lowest {
      notes.append(
        "in channels \(group.channelText) of axis \(group.axis), of size \(String(format: "%.3g", group.magnitude))")
    }
    return Diagnostic(
      .lowSignal, severity: .warning,
      String(
        format: "'%@' is %.1f dB from the float model's, and should be %.0f or more", head.name, lowest,
        Self.leastSignalToNoise),
      at: place, notes: notes, hint: Self.hint)
  }

  private func answers(_ head: Head, _ metrics: HeadMetrics, _ samples: Int, _ place: Place) -> Diagnostic? {
    guard let agreement = differing(head, metrics, samples) else { return nil }
    return Diagnostic(
      .lowAgreement, severity: .warning,
      "the compiled model and the float model agree on '\(head.name)' in \(agreement) of the samples", at: place,
      hint: Self.hint)
  }

  /// The agreement as text where it is too low: of outputs that are known to be scores, and by more than one sample.
  private func differing(_ head: Head, _ metrics: HeadMetrics, _ samples: Int) -> String? {
    guard head.isKnownDistribution, let agreement = metrics.agreement, agreement < Self.leastAgreement,
      (1 - agreement) * Double(samples) > 1.5
    else { return nil }
    return String(format: "%.1f %%", 100 * agreement)
  }
}

extension SignalQuality.Group {
  /// "0–3, 7".
  var channelText: String {
    var runs: [ClosedRange<Int>] = []
    for channel in channels {
      if let last = runs.last, last.upperBound + 1 == channel {
        runs[runs.count - 1] = last.lowerBound...channel
      } else {
        runs.append(channel...channel)
      }
    }
    let texts = runs.prefix(6).map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)–\($0.upperBound)" }
    return texts.joined(separator: ", ") + (runs.count > 6 ? ", …" : "")
  }
}
