import Foundation
import KDCTraining

/// The history as a small SVG: the loss, and each head's score beside its teacher's (dashed), over the epochs.
struct LossCurve {
  private let history: TrainingHistory
  private let width = 320.0
  private let height = 180.0
  private let margin = 34.0
  private static let colours = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b"]

  init(_ history: TrainingHistory) { self.history = history }

  private struct Line {
    var label: String
    var values: [Double?]
    var colour: String
    var isDashed = false
  }

  var svg: String {
    let epochs = history.epochs
    let students = epochs.first?.losses.count ?? 0
    func suffix(_ student: Int) -> String { students > 1 ? " \(student + 1)" : "" }
    let losses = (0..<students).map { student in
      Line(
        label: "loss" + suffix(student), values: epochs.map { $0.losses[student] }, colour: Self.colour(student))
    }
    var scores: [Line] = []
    for student in 0..<students {
      for (place, head) in (epochs.first?.heads[student] ?? []).enumerated() {
        let values = epochs.map { $0.heads[student][place] }
        let colour = Self.colour(scores.count)
        scores.append(
          Line(
            label: "\(head.output) \(head.score == nil ? "agreement" : head.metric)" + suffix(student),
            values: values.map { $0.score ?? $0.agreement }, colour: colour))
        if student == 0 && head.teacher != nil {
          scores.append(
            Line(label: "teacher", values: values.map(\.teacher), colour: colour, isDashed: true))
        }
      }
    }
    let parts = panel(losses, left: 0) + panel(scores, left: width)
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(2 * width))" height="\(Int(height))" font-family="sans-serif" \
      font-size="9">
      <rect width="100%" height="100%" fill="white"/>
      \(parts.joined(separator: "\n"))
      </svg>

      """
  }

  private static func colour(_ index: Int) -> String { colours[index % colours.count] }

  private func panel(_ lines: [Line], left: Double) -> [String] {
    let known = lines.flatMap(\.values).compactMap { $0 }.filter(\.isFinite)
    guard let low = known.min(), let high = known.max() else { return [] }
    let span = high > low ? high - low : 1
    let count = lines.map(\.values.count).max() ?? 0
    func x(_ epoch: Int) -> Double {
      left + margin + (width - 1.5 * margin) * (count > 1 ? Double(epoch) / Double(count - 1) : 0.5)
    }
    func y(_ value: Double) -> Double { height - margin + (1.6 * margin - height) * ((value - low) / span) }
    func point(_ x: Double, _ y: Double) -> String { String(format: "%.1f,%.1f", x, y) }
    var parts = [
      "<polyline fill=\"none\" stroke=\"#888\" points=\"\(point(x(0), y(high))) \(point(x(0), y(low))) "
        + "\(point(x(max(count - 1, 0)), y(low)))\"/>"
    ]
    for value in [low, high] {
      parts.append(
        String(
          format: "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.4g</text>", left + margin - 4, y(value) + 3, value)
      )
    }
    parts.append(
      String(
        format: "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">epoch %d</text>", x(max(count - 1, 0)), height - 20,
        count))
    for (index, line) in lines.enumerated() {
      let points = line.values.enumerated().compactMap { epoch, value in value.map { point(x(epoch), y($0)) } }
      let dash = line.isDashed ? " stroke-dasharray=\"4 3\"" : ""
      parts.append(
        "<polyline fill=\"none\" stroke=\"\(line.colour)\"\(dash) points=\"\(points.joined(separator: " "))\"/>")
      let place = String(
        format: "x=\"%.1f\" y=\"%.1f\"", left + margin + 90 * Double(index % 3), height - 10 + 9 * Double(index / 3))
      parts.append("<text \(place) fill=\"\(line.colour)\">\(Self.escaped(line.label))</text>")
    }
    return parts
  }

  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
