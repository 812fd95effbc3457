import Foundation
import KDCDiagnostics
import KDCGraph
import KDCTensor
import KDCTraining

/// What is suspicious about samples before anything is made of them.
enum SampleWarnings {
  /// Ranges from fewer calibration samples are chance.
  static let fewestSamples = 16
  /// Inputs whose sizes differ by more than this are not on one scale: 0…255 and 0…1 do by 255.
  static let scaleRatio = 16.0
  /// Values may go so far beyond what calibration saw, as a share of its width, …
  static let excessShare = 0.25
  /// … and so many of them may be outside at all.
  static let outsideShare = 0.001
  /// Samples that are looked at.
  private static let limit = 1024

  static func count(_ calibration: DataSet) -> [Diagnostic] {
    guard calibration.count < fewestSamples else { return [] }
    let samples = calibration.count == 1 ? "one sample" : "\(calibration.count) samples"
    return [
      Diagnostic(
        .fewCalibrationSamples, severity: .warning, "ranges are chosen from \(samples) only",
        at: Place(file: calibration.file),
        hint: "values outside their range are clipped on the device: give a few hundred varied samples")
    ]
  }

  /// `evaluation` and `training` are files or folders.
  static func measured(on evaluation: String, trainedOn training: String) -> [Diagnostic] {
    let paths = [evaluation, training].map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path }
    guard paths[0] == paths[1] else { return [] }
    return [
      Diagnostic(
        .measuredOnTraining, severity: .warning, "the model is measured on the samples that it learns from",
        at: Place(file: evaluation), notes: ["its figures look better than they are on other samples"],
        hint: "give other samples with --eval")
    ]
  }

  static func oneHot(_ heads: [Head], file: String) -> [Diagnostic] {
    let names = heads.filter(\.hadOneHotLabels).map { "'\($0.name)'" }
    guard !names.isEmpty else { return [] }
    return [
      Diagnostic(
        .oneHotLabels, severity: .warning, "labels of \(names.joined(separator: ", ")) are taken as classes",
        at: Place(file: file), notes: ["each row is zeros and a single one"],
        hint: "save the classes themselves, numpy.argmax(labels, 1), to be sure of what is meant")
    ]
  }

  /// Inputs of `others` (a word for what they are for, and the samples) that calibration samples do not stand for.
  static func scales(
    _ calibration: DataSet, _ others: [(use: String, data: DataSet)], inputs: [ValueInfo], threads: Threads
  ) throws -> [Diagnostic] {
    let floats = inputs.filter { $0.type.dataType.isFloat }.map(\.name)
    guard !floats.isEmpty, !others.isEmpty else { return [] }
    let seen = try some(calibration).ranges(threads: threads)
    return try others.flatMap { use, data -> [Diagnostic] in
      let found = try some(data).ranges(threads: threads)
      let excesses = try some(data).shares(outside: seen, threads: threads)
      return floats.compactMap { name -> Diagnostic? in
        guard let own = seen[name], let other = found[name] else { return nil }
        let (a, b) = (Span(own), Span(other))
        let place = Place(file: data.file, detail: "input '\(name)'")
        guard max(a.size, b.size) <= scaleRatio * min(a.size, b.size) else {
          return Diagnostic(
            .differentScales, severity: .warning,
            "'\(name)' lies in \(a) in the calibration samples, and in \(b) in those for \(use)", at: place,
            notes: ["calibration samples: \(calibration.file)"],
            hint: "scale all samples as for training (pixels / 255, --mean and --std)")
        }
        guard let excess = a.excess(of: b), excess > excessShare, excesses[name] ?? 0 > outsideShare else { return nil }
        return Diagnostic(
          .valuesBeyondCalibration, severity: .warning,
          "'\(name)' lies in \(b) in the samples for \(use), and in \(a) in the calibration samples", at: place,
          notes: [
            String(
              format: "%.0f %% of the width beyond it; %.2g %% of the values are clipped on the device", 100 * excess,
              100 * (excesses[name] ?? 0))
          ],
          hint: "choose calibration samples that cover everything that occurs")
      }
    }
  }

  static func some(_ data: DataSet) -> DataSet {
    data.count > limit ? data.selecting(Array(0..<limit)) : data
  }
}

/// The numbers from `low` to `high`, with 0.
struct Span: CustomStringConvertible {
  let low: Double
  let high: Double
  private let least: Double

  init(_ range: ClosedRange<Float>) {
    least = Double(range.lowerBound)
    low = min(0, least)
    high = max(0, Double(range.upperBound))
  }

  /// The largest distance from 0.
  var size: Double { max(high, -low) }

  /// How far the other goes beyond this, as a share of this one's width; nil where it does not.
  func excess(of other: Span) -> Double? {
    guard high > low else { return other.high > other.low ? .infinity : nil }
    let beyond = max(low - other.low, other.high - high)
    return beyond > 0 ? beyond / (high - low) : nil
  }

  var description: String { "\(Self.text(least < 0 ? low : least))…\(Self.text(high))" }

  private static func text(_ value: Double) -> String { String(format: "%.4g", value) }
}

extension DataSet {
  /// The share of each input's numbers that lie outside these ranges.
  func shares(outside ranges: [String: ClosedRange<Float>], threads: Threads) throws -> [String: Double] {
    let found = try parallelMap(count, threads: threads) { index in
      try sample(index).reduce(into: [String: (Int, Int)]()) { counts, input in
        guard let range = ranges[input.key] else { return }
        let values = input.value.asFloats
        counts[input.key] = (values.count { !range.contains($0) }, values.count)
      }
    }
    var totals: [String: (outside: Int, all: Int)] = [:]
    for counts in found {
      for (name, (outside, all)) in counts {
        totals[name, default: (0, 0)].outside += outside
        totals[name, default: (0, 0)].all += all
      }
    }
    return totals.mapValues { Double($0.outside) / Double(max($0.all, 1)) }
  }
}
