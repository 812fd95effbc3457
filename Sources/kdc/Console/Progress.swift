import Foundation

/// Progress for people, on standard error: a moving line with the time left on a terminal, plain lines when piped.
final class Progress: Sendable {
  enum Level: Int, Sendable { case quiet, normal, verbose }

  private let level: Level
  private let isTerminal: Bool
  private let start: Date
  private let note: @Sendable (String) -> Void

  init(_ level: Level, isTerminal: Bool = isatty(2) == 1, note: @escaping @Sendable (String) -> Void = Console.note) {
    self.level = level
    self.isTerminal = isTerminal
    self.note = note
    start = Date()
  }

  /// What a stage did, when it is done.
  func finished(_ stage: String, _ summary: String, seconds: Double) {
    guard level != .quiet else { return }
    clearLine()
    let name = stage.padding(toLength: max(14, stage.count), withPad: " ", startingAt: 0)
    note(String(format: "%@ %5.1f s  %@", name, seconds, summary))
  }

  /// A line that stays.
  func line(_ text: String) {
    guard level != .quiet else { return }
    clearLine()
    note(text)
  }

  /// More than most want to know.
  func detail(_ text: @autoclosure () -> String) {
    guard level == .verbose else { return }
    clearLine()
    note("  " + text())
  }

  /// How far a long loop has come.
  func update(_ what: String, done: Int, of count: Int, since begin: Date) {
    guard level != .quiet, isTerminal, done > 0 else { return }
    let elapsed = Date().timeIntervalSince(begin)
    guard elapsed > 0.5 else { return }
    let left = elapsed / Double(done) * Double(count - done)
    let line = String(format: "\r\u{1B}[K%@ %d of %d, %.0f s left", what.printable, done, count, left)
    try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
  }

  private func clearLine() {
    guard isTerminal else { return }
    try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K".utf8))
  }
}
