import Foundation
import Testing

/// Compares a text with the file `Snapshots/<name>` next to the test. With KDC_RECORD_SNAPSHOTS set the file is
/// written, and the test fails all the same, so that a recording run is never mistaken for a passing one.
func expectSnapshot(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
  let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Snapshots/" + name)
  if ProcessInfo.processInfo.environment["KDC_RECORD_SNAPSHOTS"] != nil {
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: file, atomically: true, encoding: .utf8)
    Issue.record("recorded \(name)", sourceLocation: sourceLocation)
    return
  }
  let expected = try String(contentsOf: file, encoding: .utf8)
  guard expected != text else { return }
  let lines = zip(expected.split(separator: "\n"), text.split(separator: "\n"))
  let first = lines.first { $0 != $1 }
  Issue.record(
    "\(name) differs: '\(first?.0 ?? "end")' became '\(first?.1 ?? "end")'; record with KDC_RECORD_SNAPSHOTS=1",
    sourceLocation: sourceLocation)
}
