import Foundation
import KDCTraining

/// The result of a compilation for people.
struct ReportTable {
  let report: Report

  var text: String {
    var lines: [String] = []
    let header = [
      "", "head", "score", "agreement", "KL T=1", "T=2", "T=4", "SNR dB", "cosine", "uncertainty", "vs student",
    ]
    var rows: [[String]] = [header]
    for stage in report.stages {
      for (index, head) in stage.metrics.enumerated() {
        let own = stage.againstStudent.flatMap { $0.first { $0.output == head.output } }
        var cells = [index == 0 ? stage.name : "", head.output, Self.score(head), Self.share(head.agreement)]
        for position in 0..<3 { cells.append(head.kl.map { String(format: "%.4f", $0[position]) } ?? "") }
        cells.append(Self.signal(head))
        cells.append(head.lowestCosine.map { String(format: "%.4f", $0) } ?? "")
        cells.append(head.uncertainty.map { String(format: "%.4f", $0) } ?? "")
        cells.append(Self.share(own?.agreement))
        rows.append(cells)
      }
    }
    lines += Self.aligned(rows)
    for stage in report.stages {
      for head in stage.metrics {
        guard let group = head.lowestGroup, let lowest = group.signalToNoise else { continue }
        lines.append(
          String(
            format: "%@ %@: lowest in channels %@ of axis %d, %.1f dB", stage.name, head.output, group.channelText,
            group.axis, lowest))
      }
    }
    lines.append("")
    for stage in report.stages {
      let times = (stage.milliseconds ?? [:]).sorted { $0.key < $1.key }.map { name, time in
        String(format: ", %.2f ms on %@", time, name)
      }.joined()
      let verdict = stage.accepted ? "" : " (not kept)"
      lines.append("\(stage.name): \(Figure.count(stage.macs)) MACs, \(Figure.bytes(stage.bytes))\(times)\(verdict)")
    }
    for decision in report.decisions where decision.subject.hasPrefix("layer") == false {
      lines.append("\(decision.subject) \(decision.accepted ? "kept" : "not kept"): \(decision.reason)")
    }
    for bundle in report.bundles {
      lines.append(
        "\(bundle.file): \(Figure.bytes(bundle.bytes)), data \(Figure.bytes(bundle.bytes - bundle.codeBytes)), code \(Figure.bytes(bundle.codeBytes)), "
          + "arena \(Figure.bytes(bundle.arenaBytes)) (\(bundle.architecture))")
    }
    for target in report.targets {
      lines.append(
        String(
          format: "%@: about %.2f ms on one core, %.2f ms on %d (%@)", target.name, target.milliseconds,
          target.millisecondsOnAllCores, target.cores, target.title))
    }
    return lines.joined(separator: "\n")
  }

  /// The lowest of the output and its groups of channels.
  private static func signal(_ head: HeadMetrics) -> String {
    if head.notFinite != nil { return "not finite" }
    if let lowest = head.lowestSignalToNoise { return String(format: "%.1f", lowest) }
    return head.cosine == nil ? "" : "exact"
  }

  static func score(_ head: HeadMetrics) -> String {
    guard let score = head.score else { return "" }
    return head.metric == "accuracy"
      ? String(format: "%.2f %%", 100 * score) : String(format: "%@ %.4f", head.metric, score)
  }

  static func share(_ value: Double?) -> String { value.map { String(format: "%.2f %%", 100 * $0) } ?? "" }

  /// Columns padded to their widest cell: the first two to the left, numbers to the right; empty columns left out.
  static func aligned(_ rows: [[String]]) -> [String] {
    let columns = (rows.first?.indices ?? 0..<0).filter { column in
      column < 2 || rows.dropFirst().contains { !$0[column].isEmpty }
    }
    return TextTable.aligned(rows.map { row in columns.map { row[$0] } }) { columns[$0] >= 2 }
  }
}
