/// Where in the user's files a diagnostic points: a file, and within it a node, value, line or key.
package struct Place: Hashable, Sendable, CustomStringConvertible {
  /// Path as the user gave it.
  package var file: String
  /// What inside the file, in words: "node 'up2' (Resize, opset 13), output 'up2_out' [1,24,40,40]".
  package var detail: String?

  package init(file: String, detail: String? = nil) {
    self.file = file
    self.detail = detail
  }

  package var description: String { detail.map { file.isEmpty ? $0 : "\(file): \($0)" } ?? file }
}

/// A fault of the user's input or request: what is wrong, where, and the way out.
///
/// Rendered as `error[KDC2013]: message`, then `--> place`, `note:` and `hint:` lines.
package struct Diagnostic: Error, Hashable, Sendable {
  package enum Severity: String, Hashable, Sendable { case error, warning }

  package var id: DiagnosticID
  package var severity: Severity
  package var message: String
  package var place: Place?
  package var notes: [String]
  package var hint: String?

  package init(
    _ id: DiagnosticID, severity: Severity = .error, _ message: String, at place: Place? = nil,
    notes: [String] = [], hint: String? = nil
  ) {
    self.id = id
    self.severity = severity
    self.message = message
    self.place = place
    self.notes = notes
    self.hint = hint
  }

  /// The same diagnostic with `place` where it has none yet: callers know the file, callees the node.
  package func located(at place: Place) -> Diagnostic {
    var copy = self
    guard let inner = self.place else {
      copy.place = place
      return copy
    }
    if inner.file.isEmpty { copy.place = Place(file: place.file, detail: inner.detail ?? place.detail) }
    return copy
  }
}

extension Diagnostic: CustomStringConvertible {
  package var description: String {
    var lines = ["\(severity.rawValue)[\(id)]: \(Self.lines(message))"]
    if let place { lines.append("  --> \(place.description.printable)") }
    lines += notes.map { "  note: \(Self.lines($0))" }
    if let hint { lines.append("  hint: \(Self.lines(hint))") }
    return lines.joined(separator: "\n")
  }

  /// Further lines are indented, so that none looks like a diagnostic of its own.
  private static func lines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).printable }
      .joined(separator: "\n    ")
  }
}

/// Several faults found by one stage, thrown together at its end.
package struct DiagnosticList: Error, Sendable, CustomStringConvertible {
  package var all: [Diagnostic]
  package init(_ all: [Diagnostic]) { self.all = all }
  package var description: String { grouped.map(\.description).joined(separator: "\n") }
}

/// A fault of kdc itself: a broken invariant, never the user's doing. Ends with exit code 70.
package struct InternalError: Error, Sendable, CustomStringConvertible {
  package var message: String
  package var file: String
  package var line: Int
  package init(_ message: String, file: String = #fileID, line: Int = #line) {
    self.message = message
    self.file = file
    self.line = line
  }
  package var description: String { "internal error: \(message) (\(file):\(line))" }
}
