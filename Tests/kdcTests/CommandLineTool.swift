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

  /// `searchPath` replaces PATH where given.
  static func run(_ arguments: [String], in folder: URL, searchPath: String? = nil) throws -> Outcome {
    let process = Process()
    if let searchPath {
      process.environment = ProcessInfo.processInfo.environment.merging(["PATH": searchPath]) { $1 }
    }
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
}
