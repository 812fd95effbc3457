import Foundation
import KDCDiagnostics
import KDCOps
import Testing

/// The reference pages in `Sources/kdc/Documentation.docc` against the code they describe.
@Suite struct DocumentationTests {
  private static let folder = "Sources/kdc/Documentation.docc/"

  /// KDC_RECORD=1 writes what is generated, and still fails: a recording is looked at before it is committed.
  private static let records = ProcessInfo.processInfo.environment["KDC_RECORD"] == "1"

  @Test(
    "Commands.md names every command, and each one's help shows an example",
    .enabled(if: CommandLineTool.path != nil, "the kdc executable was not built with the tests"))
  func commands() throws {
    let folder = FileManager.default.temporaryDirectory
    let page = try SourceTree.text(Self.folder + "Commands.md")
    let names = try CommandLineTool.commands()
    #expect(names.count > 12)
    for name in names {
      #expect(page.contains("`kdc \(name)"), "\(name)")
      let text = try CommandLineTool.run([name, "--help"], in: folder).output
      #expect(text.contains("EXAMPLE") && text.contains("  kdc \(name)"), "\(name)")
    }
  }

  @Test(
    "Operators.md lists every operator: its opsets, types and abilities, as the code has them, and its comment"
  )
  func operators() throws {
    let page = try SourceTree.text(Self.folder + "Operators.md")
    let start = try #require(page.range(of: "<!-- generated from the operators -->\n"))
    let table = try OperatorTable().text
    guard page[start.upperBound...] != table[...] else { return }
    if Self.records {
      try (page[..<start.upperBound] + table).write(
        to: SourceTree.root.appendingPathComponent(Self.folder + "Operators.md"), atomically: true, encoding: .utf8)
    }
    let (old, new) = (page[start.upperBound...].split(separator: "\n"), table.split(separator: "\n"))
    let missing = new.filter { !old.contains($0) }
    Issue.record("Operators.md is out of date; run this test with KDC_RECORD=1. Missing: \(missing.prefix(5))")
  }

  @Test("Diagnostics.md describes every diagnostic: title, example and remedy")
  func diagnostics() throws {
    let page = try SourceTree.text(Self.folder + "Diagnostics.md")
    let sections = page.components(separatedBy: "\n### ").dropFirst()
    let titles = sections.map { $0.prefix { $0 != "\n" } }
    let expected = DiagnosticID.all.sorted { $0.number < $1.number }.map { "\($0): \($0.title)" }
    for title in expected { #expect(titles.contains(title[...]), "missing: ### \(title)") }
    for title in titles { #expect(expected.contains(String(title)), "no such diagnostic: \(title)") }
    #expect(titles.map { $0.prefix(7) } == titles.map { $0.prefix(7) }.sorted(), "not in order of number")
    for section in sections {
      let title = section.prefix(7)
      let id = section.prefix(7)
      #expect(section.contains("```\n") && section.contains("[\(id)]:"), "\(title) has no example")
      #expect(section.contains("Remedy: "), "\(title) has no remedy")
    }
  }

  @Test("Every diagnostic of the catalogue is in its list, once, and some test shows it")
  func catalogue() throws {
    let catalogue = try SourceTree.text("Sources/KDCDiagnostics/Catalogue.swift")
    let names = catalogue.matches(of: /static let (\w+) = DiagnosticID\(/).map { String($0.1) }
    #expect(names.count == DiagnosticID.all.count)
    #expect(Set(DiagnosticID.all.map(\.number)).count == names.count)
    let tests = try SourceTree.files(under: "Tests").map(SourceTree.text).joined(separator: "\n")
    for name in names {
      #expect(tests.contains(try Regex("\\.\(name)\\b")), "no test shows .\(name)")
    }
  }
}
