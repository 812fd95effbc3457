import Foundation
import Testing

/// ONNX's own node tests on the evaluator.
///
/// A selection is in Tests/Fixtures/onnx-node. All of them (1653 of onnx 1.20.1) run where the environment variable
/// KDC_ONNX_NODE_TESTS names their folder; passing.txt and skipped.txt, next to this file, say what is expected of each.
/// A refused case is skipped with its diagnostic. With KDC_RECORD_NODE_TESTS set, the lists are written anew, and the test fails so that they are looked at.
@Suite struct ONNXNodeTests {
  private static let here = URL(filePath: #filePath).deletingLastPathComponent()
  private static let selection = SourceTree.root.appending(path: "Tests/Fixtures/onnx-node").path
  private static let environment = ProcessInfo.processInfo.environment
  private static let all = environment["KDC_ONNX_NODE_TESTS"].flatMap {
    FileManager.default.fileExists(atPath: $0) ? $0 : nil
  }

  private static func cases(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasPrefix("test_") }.sorted()
  }

  private static func lines(_ name: String) throws -> [Substring] {
    try String(contentsOf: here.appending(path: name), encoding: .utf8).split(separator: "\n")
  }

  @Test("The selected ONNX node tests pass", arguments: cases(in: selection))
  func selected(_ name: String) {
    #expect(ONNXNodeCase(folder: Self.selection + "/" + name).run() == .passed, "\(name)")
  }

  @Test("The selection is not empty")
  func selectionExists() {
    #expect(Self.cases(in: Self.selection).count >= 100)
  }

  @Test("passing.txt and skipped.txt are sorted, share no case, and each skipped one has a reason")
  func lists() throws {
    let passing = try Self.lines("passing.txt").map(String.init)
    let skipped = try Self.lines("skipped.txt").map { $0.split(separator: "\t", maxSplits: 1).map(String.init) }
    #expect(skipped.allSatisfy { $0.count == 2 && !$0[1].isEmpty })
    let names = skipped.compactMap(\.first)
    #expect(passing == passing.sorted() && names == names.sorted())
    #expect(Set(passing).isDisjoint(with: names))
  }

  @Test(
    "Every ONNX node test passes or is refused as passing.txt and skipped.txt say",
    .enabled(if: all != nil, "KDC_ONNX_NODE_TESTS names no folder with ONNX's node tests"))
  func everything() throws {
    guard let folder = Self.all else { return }
    // A case that kdc takes and computes otherwise must be listed by hand, with the reason.
    let known = try Self.lines("skipped.txt").map(String.init)
    let deviations = Dictionary(
      known.map { (String($0.prefix { $0 != "\t" }), $0) }, uniquingKeysWith: { first, _ in first })
    var passing: [String] = []
    var skipped: [String] = []
    for name in Self.cases(in: folder) {
      switch ONNXNodeCase(folder: folder + "/" + name).run() {
      case .passed: passing.append(name)
      case .refused(let reason): skipped.append("\(name)\t\(reason.replacingOccurrences(of: folder, with: ""))")
      case .wrong(let problem):
        guard let line = deviations[name], !line.contains("\tKDC") else {
          Issue.record("\(name): \(problem)")
          continue
        }
        skipped.append(line)
      }
    }
    if Self.environment["KDC_RECORD_NODE_TESTS"] != nil {
      for (file, lines) in [("passing.txt", passing), ("skipped.txt", skipped)] {
        try (lines.joined(separator: "\n") + "\n").write(
          to: Self.here.appending(path: file), atomically: true, encoding: .utf8)
      }
      Issue.record("the lists were recorded; look at the changes and run again")
      return
    }
    #expect(passing == (try Self.lines("passing.txt").map(String.init)))
    #expect(skipped.map { $0.split(separator: "\t")[0] } == known.map { $0.split(separator: "\t")[0] })
  }
}
