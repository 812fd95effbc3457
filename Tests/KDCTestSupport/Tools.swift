import Foundation

/// External programs that tests use.
package enum Tools {
  /// The path of `name`: next to `swift`, else in PATH.
  package static func path(of name: String) -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    var places = folders.map { $0 + "/" + name }
    for folder in folders where FileManager.default.isExecutableFile(atPath: folder + "/swift") {
      let real = URL(fileURLWithPath: folder + "/swift").resolvingSymlinksInPath().deletingLastPathComponent().path
      places.insert(real + "/" + name, at: 0)
      break
    }
    return places.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs a program to its end and returns its standard output; throws with its standard error where it fails.
  package static func run(_ program: String, _ arguments: [String], input: Data) throws -> Data {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kdc-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Files instead of pipes: no deadlock whatever the sizes.
    let files = ["in", "out", "err"].map { folder.appendingPathComponent($0) }
    try input.write(to: files[0])
    for file in files.dropFirst() { try Data().write(to: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    try process.run()
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      let message = String(decoding: try Data(contentsOf: files[2]).prefix(4000), as: UTF8.self)
      let way = process.terminationReason == .exit ? "status" : "signal"
      throw HarnessError("\(program) ended with \(way) \(process.terminationStatus): \(message)")
    }
    return try Data(contentsOf: files[1])
  }
}
