import Foundation
import KDCTraining

/// What happened in a training run: the JSON of `--json`, and its lines for people.
struct TrainingHistory: Codable {
  var schema = 1
  var model: String
  var samples: Int
  var teachers: [String]
  var seed: UInt64
  var epochs: [Distillation.Epoch]
  /// Why the run ended before its last epoch.
  var stopped: String?
  /// On the samples of --eval.
  var evaluation: [HeadMetrics]?

  /// "loss 0.4123  logits 91.20 % (teacher 93.10 %, gap 1.90)".
  static func text(_ epoch: Distillation.Epoch) -> String {
    let losses = epoch.losses.map { String(format: "%.4f", $0) }.joined(separator: ", ")
    let students = epoch.heads.map { heads in heads.map(text).joined(separator: "  ") }
    return "loss \(losses)  " + students.joined(separator: " | ")
  }

  private static func text(_ head: Distillation.Quality) -> String {
    guard let score = head.score else {
      return head.agreement.map { "\(head.output) agrees with the teacher in \(value($0, "accuracy"))" } ?? head.output
    }
    let teacher = head.teacher.map { teacher in
      String(
        format: " (teacher %@, gap %.*f)", value(teacher, head.metric), head.metric == "accuracy" ? 2 : 4,
        (head.metric == "accuracy" ? 100 : 1) * (head.gap ?? 0))
    }
    return "\(head.output) \(value(score, head.metric))\(teacher ?? "")"
  }

  private static func value(_ score: Double, _ metric: String) -> String {
    metric == "accuracy" ? String(format: "%.2f %%", 100 * score) : String(format: "%@ %.4f", metric, score)
  }

  var summary: [String] {
    var lines: [String] = []
    if let stopped { lines.append("stopped " + stopped) }
    if let evaluation {
      for head in evaluation {
        let teacher = head.teacherScore.map { ", teacher " + Self.value($0, head.metric) } ?? ""
        let agreement = head.agreement.map { String(format: ", agreement %.2f %%", 100 * $0) } ?? ""
        lines.append(
          "\(head.output)  " + (head.score.map { Self.value($0, head.metric) } ?? "no labels") + teacher + agreement)
      }
    } else if let last = epochs.last {
      lines.append("held out: " + Self.text(last))
    }
    lines.append("wrote \(model)")
    return lines
  }
}
