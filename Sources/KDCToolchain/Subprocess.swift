import Glibc
import KDCDiagnostics

/// Runs tools of the toolchain: an argument list without a shell, a fixed environment, output captured.
package enum Subprocess {
  package struct Result: Sendable {
    /// Exit code; 128 + the signal's number where a signal ended the process.
    package var status: Int32
    /// Standard output followed by standard error.
    package var output: String
  }

  /// Runs `program` (a path) in `folder`. Throws `toolFailed` where it cannot be started.
  ///
  /// The environment holds PATH, HOME, TMPDIR and LC_ALL=C only, so that variables like CPATH or SOURCE_DATE_EPOCH
  /// cannot change what is built.
  package static func run(_ program: String, _ arguments: [String], in folder: String? = nil) throws(Diagnostic)
    -> Result
  {
    let output = try TemporaryFile()
    defer { output.remove() }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output.descriptor, 1)
    posix_spawn_file_actions_adddup2(&actions, output.descriptor, 2)

    var environment = ["LC_ALL=C"]
    for name in ["PATH", "HOME", "TMPDIR"] {
      if let value = getenv(name) { environment.append(name + "=" + String(cString: value)) }
    }
    // posix_spawn itself changes the folder only since glibc 2.29; the words go to the shell as its arguments.
    let shell = folder.map { ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", $0] } ?? []
    let command = shell + [program] + arguments
    var process: pid_t = 0
    var code: Int32 = 0
    // A program that was just written may still be open in a child that another thread has begun to start.
    for _ in 0..<200 {
      code = withCStrings(command) { words in
        withCStrings(environment) { variables in posix_spawn(&process, command[0], &actions, nil, words, variables) }
      }
      guard code == ETXTBSY else { break }
      usleep(10_000)
    }
    guard code == 0 else {
      throw Diagnostic(.toolFailed, "cannot run '\(program)': \(String(cString: strerror(code)))")
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    let signal = status & 0x7F
    return Result(status: signal == 0 ? status >> 8 & 0xFF : 128 + signal, output: output.text())
  }

  private static func withCStrings<R>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
    let copies = texts.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return body(copies + [nil])
  }
}

/// An unnamed file for what a tool prints: unlike a pipe it never blocks the tool.
private struct TemporaryFile {
  let descriptor: Int32

  init() throws(Diagnostic) {
    var path = Array((TemporaryFolder.parent + "/kdc-output-XXXXXX").utf8CString)
    descriptor = mkstemp(&path)
    guard descriptor >= 0 else {
      throw Diagnostic(
        .outputNotWritable, "cannot make a temporary file: \(String(cString: strerror(errno)))",
        hint: "set TMPDIR to a folder that is writable and has room")
    }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    unlink(path)
  }

  func text() -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    lseek(descriptor, 0, SEEK_SET)
    while case let count = read(descriptor, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }

  func remove() { close(descriptor) }
}
