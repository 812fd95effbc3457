import Foundation

/// The `kdc` executable that was built with the tests.
enum CommandLineTool {
  struct Outcome {
    var status: Int32
    var output: String
    var errors: String
  }

  /// Beside the test executable; nil where tests were built alone.
  static let path: String? = {
    guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return nil }
    let path = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("kdc").path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()

  /// `environment` is added to that of the tests.
  static func run(_ arguments: [String], in folder: URL, environment: [String: String] = [:]) throws -> Outcome {
    let process = Process()
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.executableURL = URL(fileURLWithPath: path ?? "kdc")
    process.arguments = arguments
    process.currentDirectoryURL = folder
    // Files rather than pipes: nothing can block, however much is written.
    let files = ["out", "err"].map { folder.appendingPathComponent(".kdc-\(UUID()).\($0)") }
    for file in files { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
    defer { for file in files { try? FileManager.default.removeItem(at: file) } }
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try process.run()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, output: try String(contentsOf: files[0], encoding: .utf8),
      errors: try String(contentsOf: files[1], encoding: .utf8))
  }

  /// The names of all commands, as the help lists them.
  static func commands() throws -> [String] {
    let help = try run(["--help"], in: FileManager.default.temporaryDirectory).output
    guard let list = help.range(of: "SUBCOMMANDS:") else { return [] }
    let lines = help[list.upperBound...].split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
    // The last line says where there is more help.
    return lines.compactMap { $0.split(separator: " ").first.map(String.init) }.filter { $0 != "See" }
  }
}
