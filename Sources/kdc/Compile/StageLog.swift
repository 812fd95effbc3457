import Foundation
import KDCDiagnostics

/// What stages report in addition to their results: a line for people, and their part of the report.
struct StageLog {
  let progress: Progress
  var report = Report(model: "")
  private var summary: String?

  init(_ progress: Progress) { self.progress = progress }

  /// Runs a stage. One that does not say what it did was not asked for.
  mutating func stage<Value>(_ name: String, _ body: (inout StageLog) throws -> Value) rethrows -> Value {
    let begin = Date()
    let known = report.stages.count
    summary = nil
    let value = try body(&self)
    guard let summary else { return value }
    let seconds = Date().timeIntervalSince(begin)
    for index in known..<report.stages.count { report.stages[index].seconds = (seconds * 1000).rounded() / 1000 }
    progress.finished(name, summary, seconds: seconds)
    return value
  }

  /// What the stage did, in one line.
  mutating func did(_ summary: String) { self.summary = summary }

  mutating func decide(_ stage: String, _ subject: String, accepted: Bool = true, _ reason: String) {
    report.decisions.append(Report.Decision(stage: stage, subject: subject, accepted: accepted, reason: reason))
  }

  /// Prints warnings at once, and repeats them in the report.
  mutating func warn(_ warnings: [Diagnostic]) {
    Console.warn(warnings)
    report.warnings += warnings.map(Report.Warning.init)
    if !warnings.isEmpty { did(warnings.count == 1 ? "1 warning" : "\(warnings.count) warnings") }
  }
}
