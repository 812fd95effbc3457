import Foundation
import KDCBundle
import KDCCodegen
import KDCDiagnostics
import KDCPasses
import KDCProgram
import KDCTargets
import KDCTraining

/// The results of a recipe: a row for each name, with the mean over the models measured under it.
struct RecipeTable {
  struct Row: Codable {
    var row: String
    var models: Int
    var heads: [Head]
    /// Of the first model, as all of a row have one graph; nil where it cannot be lowered.
    var macs: Int?
    var bytes: Int
    /// `bytes` less machine code and runtime, which ONNX models have none of.
    var dataBytes: Int
    /// By the cost model, one core, by target: bundles as they are, ONNX models in float32.
    var milliseconds: [String: Double]
  }

  struct Head: Codable {
    var output: String
    var metric: String
    var mean: Double
    /// Largest less smallest.
    var spread: Double
    var uncertainty: Double?
  }

  /// One model's figures.
  struct Entry {
    let row: String
    let metrics: [HeadMetrics]
    let bytes: Int
    let dataBytes: Int
    /// What lowering makes of a bundle or, in float32, of an ONNX model; nil where an operator has no float32 code.
    let program: Program?

    init(row: String, metrics: [HeadMetrics], model path: String) throws {
      self.row = row
      self.metrics = metrics
      let file = try Files.read(path)
      bytes = file.count
      guard !Bundle.looksLikeOne(file) else {
        let bundle = try Bundle(file, path: path)
        dataBytes = bundle.dataBytes
        program = try bundle.program()
        return
      }
      dataBytes = file.count
      var graph = try ModelFile.load(path)
      try Passes.run(on: &graph)
      do { program = try lower(graph) } catch is Diagnostic { program = nil } catch is DiagnosticList { program = nil }
    }
  }

  let rows: [Row]
  private let targets: [Target]

  init(_ entries: [Entry], targets: [Target]) throws {
    self.targets = targets
    var names: [String] = []
    for entry in entries where !names.contains(entry.row) { names.append(entry.row) }
    rows = try names.map { name in
      let own = entries.filter { $0.row == name }
      let estimate = try own[0].program.map { try ModelEstimate($0, targets: targets, countsSize: false) }
      return Row(
        row: name, models: own.count, heads: own[0].metrics.compactMap { Self.head($0.output, own) },
        macs: own[0].program?.macs, bytes: own[0].bytes, dataBytes: own[0].dataBytes,
        milliseconds: estimate?.milliseconds ?? [:])
    }
  }

  private static func head(_ output: String, _ entries: [Entry]) -> Head? {
    let metrics = entries.compactMap { $0.metrics.first { $0.output == output } }
    let scores = metrics.compactMap(\.score)
    guard let low = scores.min(), let high = scores.max() else { return nil }
    let uncertainties = metrics.compactMap(\.uncertainty)
    return Head(
      output: output, metric: metrics[0].metric, mean: mean(scores), spread: high - low,
      uncertainty: uncertainties.isEmpty ? nil : mean(uncertainties))
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  var markdown: String {
    let times = targets.map { "\($0.name) ms" }
    let titles = ["model", "runs", "head", "mean", "spread", "uncertainty", "MACs", "size", "without code"] + times
    var lines = [titles, titles.indices.map { $0 == 0 || $0 == 2 ? "---" : "---:" }]
    for row in rows {
      for (index, head) in row.heads.enumerated() {
        let isFirst = index == 0
        var cells = [isFirst ? row.row : "", isFirst ? "\(row.models)" : "", head.output]
        cells += [head.mean, head.spread].map { value in
          head.metric == "accuracy" ? String(format: "%.2f %%", 100 * value) : String(format: "%.4f", value)
        }
        cells.append(head.uncertainty.map { String(format: "%.4f", $0) } ?? "")
        let sizes = [row.macs.map(Figure.count) ?? ""] + [row.bytes, row.dataBytes].map(Figure.bytes)
        cells += isFirst ? sizes : sizes.map { _ in "" }
        cells += targets.map { target in
          isFirst ? row.milliseconds[target.name].map { String(format: "%.3f", $0) } ?? "" : ""
        }
        lines.append(cells)
      }
    }
    return lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }
}
