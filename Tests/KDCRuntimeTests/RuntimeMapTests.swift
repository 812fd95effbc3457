import Foundation
import KDCTestSupport
import Testing

private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent("Sources/CKDCRuntime")

/// The map of the runtime in its README against the calls in its files.
@Suite("Map of the runtime") struct RuntimeMapTests {
  /// Rows of the table in order: a file's name without its ending, and what it calls.
  static func rows() throws -> [(file: String, calls: Set<String>)] {
    let text = try String(contentsOf: folder.appendingPathComponent("README.md"), encoding: .utf8)
    return text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      return (cells[1].filter { $0 != "`" }, Set(cells[3].split(separator: ", ").map(String.init)))
    }
  }

  /// Comments apart.
  static func code(_ file: String) throws -> String {
    try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
      .replacing(/\/\*(.|\n)*?\*\//, with: "")
  }

  /// Functions that a file defines for others.
  static func definitions(in code: String) -> Set<String> {
    var found: Set<String> = []
    for line in code.split(separator: "\n") where line.first?.isLetter == true {
      guard !["static", "extern", "typedef", "enum"].contains(where: line.hasPrefix),
        let name = line.firstMatch(of: /\b(kdc_\w+)\(/)?.1
      else { continue }
      let rest = code[line.startIndex...]
      if let end = rest.firstIndex(where: { $0 == "{" || $0 == ";" }), rest[end] == "{" { found.insert(String(name)) }
    }
    return found
  }

  @Test("It lists every file with what that calls, which stands above: there are no cycles")
  func map() throws {
    let rows = try Self.rows()
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      $0.hasSuffix(".c") || $0.hasSuffix(".h")
    }
    #expect(Set(rows.map(\.file)).isSuperset(of: files))
    var owners: [String: String] = [:]
    for file in files where file.hasSuffix(".c") {
      for name in Self.definitions(in: try Self.code(file)) { owners[name] = String(file.dropLast(2)) }
    }
    #expect(owners["kdc_pack"] == "pack" && owners["kdc_instance_verify"] == "golden")
    var above: Set<String> = []
    for (file, calls) in rows {
      let stem = String(file.prefix { $0 != "." })
      guard files.contains(file), !["platform", "internal"].contains(stem) else { continue }
      let code = try Self.code(file)
      var found = Set(code.matches(of: /\bkdc_\w+/).compactMap { owners[String($0.output)] })
      for header in ["seal", "sha256"] where code.contains("#include \"\(header).h\"") { found.insert(header) }
      found.remove(stem)
      #expect(found == calls, "\(file) calls \(found.sorted())")
      #expect(above.isSuperset(of: calls), "\(file) stands above what it calls")
      above.insert(stem)
    }
  }
}
