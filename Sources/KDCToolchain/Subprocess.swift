import CKDCProcess
import Glibc
import KDCDiagnostics

/// Runs tools of the toolchain: an argument list without a shell, a fixed environment, output captured.
package enum Subprocess {
  package struct Result: Sendable {
    /// Exit code; 128 + the signal's number where a signal ended the process.
    package var status: Int32
    /// Standard output followed by standard error.
    package var output: String
    /// It was ended by the limit of time.
    package var timedOut = false
  }

  /// What a program that is not trusted may use.
  package struct Limits: Sendable {
    package var seconds: Double
    /// Memory that it writes to.
    package var dataBytes: Int
    package init(seconds: Double, dataBytes: Int) {
      self.seconds = seconds
      self.dataBytes = dataBytes
    }
    /// Of what it prints.
    static let outputBytes: UInt64 = 1 << 20
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

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    Self.useDefaultSignals(&attributes)

    // posix_spawn itself changes the folder only since glibc 2.29; the words go to the shell as its arguments.
    let shell = folder.map { ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", $0] } ?? []
    let command = shell + [program] + arguments
    var process: pid_t = 0
    var code: Int32 = 0
    // A program that was just written may still be open in a child that another thread has begun to start.
    for _ in 0..<200 {
      Leftovers.hold {
        code = withCStrings(command) { words in
          withCStrings(environment) { variables in
            posix_spawn(&process, command[0], &actions, &attributes, words, variables)
          }
        }
        return code == 0 ? .process(process) : nil
      }
      guard code == ETXTBSY else { break }
      usleep(10_000)
    }
    guard code == 0 else {
      throw Diagnostic(.toolFailed, "cannot run '\(program)': \(String(cString: strerror(code)))")
    }
    var status: Int32 = 0
    // Waited for first and reaped then, so that its number is its own for as long as it is among the leftovers.
    var information = siginfo_t()
    while waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
    Leftovers.release(process) {
      while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    }
    let signal = status & 0x7F
    return Result(status: signal == 0 ? status >> 8 & 0xFF : 128 + signal, output: output.text())
  }

  /// Runs `command` (its first word is a path) with no more than `limits` and no new privileges; where they are nil it may take what it
  /// wants. It is killed when kdc ends, however that is, and what it started is killed with it. The same environment as `run`.
  /// Throws `toolFailed` where it cannot be started.
  package static func runConfined(_ command: [String], limits: Limits?) throws(Diagnostic) -> Result {
    let output = try TemporaryFile()
    defer { output.remove() }
    var most = kdc_process_limits(seconds: 0, data_bytes: 0, file_bytes: 0)
    if let limits {
      most = kdc_process_limits(
        seconds: limits.seconds, data_bytes: UInt64(max(limits.dataBytes, 0)), file_bytes: Limits.outputBytes)
    }
    var outcome = kdc_process_result()
    // A program that was just written may still be open in a child that another thread has begun to start.
    for _ in 0..<200 {
      outcome = withCStrings(command) { words in
        withCStrings(environment) { variables in
          kdc_process_run(command[0], words, variables, output.descriptor, &most)
        }
      }
      guard outcome.started == ETXTBSY else { break }
      usleep(10_000)
    }
    guard outcome.started == 0 else {
      throw Diagnostic(.toolFailed, "cannot run '\(command[0])': \(String(cString: strerror(outcome.started)))")
    }
    return Result(status: outcome.status, output: output.text(), timedOut: outcome.timed_out != 0)
  }

  private static var environment: [String] {
    ["LC_ALL=C"]
      + ["PATH", "HOME", "TMPDIR"].compactMap { name in getenv(name).map { name + "=" + String(cString: $0) } }
  }

  /// Tools start with no signal blocked and none ignored that kdc itself ignores.
  private static func useDefaultSignals(_ attributes: inout posix_spawnattr_t) {
    var (none, usual) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigemptyset(&usual)
    sigaddset(&usual, SIGPIPE)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &usual)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
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
    descriptor = Leftovers.namelessFile(in: TemporaryFolder.parent, prefix: "kdc-output")
    guard descriptor >= 0 else {
      throw Diagnostic(
        .outputNotWritable, "cannot make a temporary file: \(String(cString: strerror(errno)))",
        hint: "set TMPDIR to a folder that is writable and has room")
    }
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
