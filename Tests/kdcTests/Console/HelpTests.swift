import Foundation
import Testing

/// The help of every command, as a terminal of 80 columns shows it.
@Suite("kdc help", .enabled(if: CommandLineTool.path != nil, "the kdc executable was not built with the tests"))
struct HelpTests {
  private static let folder = "Tests/kdcTests/Console/Help/"
  /// KDC_RECORD=1 writes what is shown, and still fails: a recording is looked at before it is committed.
  private static let records = ProcessInfo.processInfo.environment["KDC_RECORD"] == "1"

  @Test("The help of each command is that of its snapshot, and fits 80 columns")
  func snapshots() throws {
    let commands = try CommandLineTool.commands()
    #expect(commands.count > 10)
    for name in ["kdc"] + commands {
      let help = try CommandLineTool.run(
        (name == "kdc" ? [] : [name]) + ["--help"], in: FileManager.default.temporaryDirectory,
        environment: ["COLUMNS": "80"]
      ).output
      // Usage lines are for shells: they are not wrapped.
      for line in help.split(separator: "\n") where !line.hasPrefix("USAGE") {
        #expect(line.count <= 80, "\(name): \(line)")
      }
      let file = Self.folder + name + ".txt"
      guard (try? SourceTree.text(file)) != help else { continue }
      if Self.records {
        try help.write(to: SourceTree.root.appendingPathComponent(file), atomically: true, encoding: .utf8)
      }
      Issue.record("\(file) is not the help of \(name); KDC_RECORD=1 writes it:\n\(help)")
    }
    let recorded = SourceTree.files(under: String(Self.folder.dropLast()), extensions: ["txt"]).count
    #expect(recorded == commands.count + 1, "snapshots of commands that are gone")
  }

  @Test("Help is wrapped by the terminal's width")
  func width() throws {
    func longest(_ columns: Int) throws -> Int {
      let help = try CommandLineTool.run(
        ["verify", "--help"], in: FileManager.default.temporaryDirectory, environment: ["COLUMNS": "\(columns)"]
      ).output
      return help.split(separator: "\n").filter { !$0.hasPrefix("USAGE") }.map(\.count).max() ?? 0
    }
    #expect(try longest(60) <= 60 && longest(120) > 100)
  }
}
