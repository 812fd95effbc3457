import Foundation
import KDCTraining

/// How sure a model is, for the terminal and as SVG.
struct CertaintyView {
  let heads: [Certainty]

  var lines: [String] { heads.flatMap(lines) }

  private func lines(_ head: Certainty) -> [String] {
    var lines = [String(format: "%@  mean confidence %.4f", head.output, head.confidence)]
    if let error = head.calibrationError, let f1 = head.f1 {
      lines[0] += String(format: ", expected calibration error %.4f, F1 %.4f", error, f1)
    }
    let most = max(head.histogram.max() ?? 1, 1)
    for (bin, count) in head.histogram.enumerated() where count > 0 {
      let accuracy = head.accuracies[bin].map { String(format: "%6.1f %% right", 100 * $0) } ?? ""
      let bar = String(repeating: "#", count: max(1, 40 * count / most))
      lines.append(
        String(format: "  %.2f–%.2f %6d ", Double(bin) / 20, Double(bin + 1) / 20, count)
          + bar.padding(toLength: 41, withPad: " ", startingAt: 0) + accuracy)
    }
    if let matrix = head.confusion, matrix.count <= 20 {
      let width = max(4, (matrix.flatMap { $0 }.max() ?? 0).description.count + 1)
      func cell(_ text: String) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
      lines.append("  class" + matrix.indices.map { cell("\($0)") }.joined() + "  (columns: answers)")
      for (label, row) in matrix.enumerated() {
        let name = "\(label)".padding(toLength: 5, withPad: " ", startingAt: 0)
        lines.append("  " + name + row.map { cell("\($0)") }.joined())
      }
    }
    return lines
  }

  /// For each head the histogram of confidences with the accuracy of each bin over it, and the confusion matrix.
  var svg: String {
    let parts = heads.enumerated().map { index, head in
      "<g transform=\"translate(0,\(220 * index))\">\n\(histogram(head))\(matrix(head))</g>\n"
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="560" height="\(220 * heads.count)" font-family="sans-serif" font-size="9">
      <rect width="100%" height="100%" fill="white"/>
      \(parts.joined())</svg>

      """
  }

  private func histogram(_ head: Certainty) -> String {
    let most = Double(max(head.histogram.max() ?? 1, 1))
    var text =
      "<text x=\"30\" y=\"14\">\(LossCurve.escaped(head.output)): samples by confidence, accuracy (line)</text>\n"
    for (bin, count) in head.histogram.enumerated() {
      let height = 150 * Double(count) / most
      text += String(
        format: "<rect x=\"%d\" y=\"%.1f\" width=\"12\" height=\"%.1f\" fill=\"#1f77b4\"/>\n", 30 + 13 * bin,
        180 - height,
        height)
    }
    let points = head.accuracies.enumerated().compactMap { bin, accuracy in
      accuracy.map { String(format: "%d,%.1f", 36 + 13 * bin, 180 - 150 * $0) }
    }
    return text + "<polyline fill=\"none\" stroke=\"#d62728\" points=\"\(points.joined(separator: " "))\"/>\n"
      + "<text x=\"30\" y=\"194\">0</text><text x=\"282\" y=\"194\">1</text>\n"
  }

  private func matrix(_ head: Certainty) -> String {
    guard let matrix = head.confusion else { return "" }
    let size = 170.0 / Double(matrix.count)
    var text = "<text x=\"340\" y=\"14\">confusion: rows are classes, columns answers</text>\n"
    for (row, counts) in matrix.enumerated() {
      let sum = Double(max(counts.reduce(0, +), 1))
      for (column, count) in counts.enumerated() {
        text += String(
          format:
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#1f77b4\" fill-opacity=\"%.3f\"/>\n",
          340 + size * Double(column), 20 + size * Double(row), size, size, Double(count) / sum)
      }
    }
    return text
  }
}
