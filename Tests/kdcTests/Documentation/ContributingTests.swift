import Foundation
import KDCToolchain
import Testing

/// `Contributing.md` against the tree and its history.
@Suite struct ContributingTests {
  /// A section of the page: what it is about, the files of its numbered list, all that it names, and its example.
  struct Section {
    var title: String
    /// The first file or folder of each step.
    var steps: [String]
    var paths: [String]
    /// The subject of a commit.
    var example: String?
  }

  static func sections() throws -> [Section] {
    let page = try SourceTree.text("Sources/kdc/Documentation.docc/Contributing.md")
    let path = /`((?:Sources|Tests|targets|scripts)\/[^`]*)`/
    return page.components(separatedBy: "\n## ").dropFirst().map { text in
      Section(
        title: String(text.prefix { $0 != "\n" }),
        steps: text.matches(of: /\n\d+\. (?s:(.*?))(?=\n\d+\. |\n\n|$)/).compactMap { step in
          step.1.firstMatch(of: path).map { String($0.1) }
        }, paths: text.matches(of: path).map { String($0.1) },
        example: text.firstMatch(of: /Example: commit "([^"]+)"/).map { String($0.1) })
    }
  }

  @Test("Every file and folder that the page names exists")
  func files() throws {
    let sections = try Self.sections()
    #expect(sections.count >= 6)
    for section in sections {
      #expect(!section.steps.isEmpty, "\(section.title)")
      for path in section.paths {
        let place = SourceTree.root.appendingPathComponent(path).path
        #expect(FileManager.default.fileExists(atPath: place), "\(section.title): \(path)")
      }
    }
  }

  @Test("Every example is a commit of the history and touches each step's file")
  func examples() throws {
    // An archive of the sources has no history, and a shallow clone only a part.
    guard let git = ToolSearch().find("git"),
      try run(git, ["rev-parse", "--is-shallow-repository"]).output.hasPrefix("false")
    else { return }
    for section in try Self.sections() {
      guard let subject = section.example else { continue }
      let found = try run(git, ["log", "--fixed-strings", "--grep=\(subject)", "--format=", "--name-only"])
      let touched = found.output.split(separator: "\n").map(String.init)
      #expect(!touched.isEmpty, "no commit '\(subject)'")
      for step in section.steps {
        #expect(touched.contains { $0 == step || $0.hasPrefix(step + "/") }, "'\(subject)' does not touch \(step)")
      }
    }
  }

  private func run(_ git: String, _ arguments: [String]) throws -> Subprocess.Result {
    try Subprocess.run(git, arguments, in: SourceTree.root.path)
  }
}
