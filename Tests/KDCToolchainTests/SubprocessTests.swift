import Foundation
import Glibc
import KDCDiagnostics
import KDCTestSupport
import KDCToolchain
import Testing

@Suite("Subprocesses")
struct SubprocessTests {
  /// Runs `body` with a copy of /bin/true in a folder of its own.
  private func withProgram(_ body: (String) throws -> Void) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/program"
    // Not a script: only what the kernel loads itself is refused while it is open for writing.
    try Files.write(try Files.read("/bin/true"), to: path, executable: true)
    try body(path)
  }

  @Test("A program that is open for writing a moment longer runs once it is closed")
  func opened() throws {
    try withProgram { path in
      let descriptor = open(path, O_WRONLY | O_CLOEXEC)
      try #require(descriptor >= 0)
      let writer = Thread {
        usleep(100_000)
        close(descriptor)
      }
      writer.start()
      #expect(try Subprocess.run(path, []).status == 0)
    }
  }

  @Test("A program that stays open for writing is an error, not a wait without end")
  func neverClosed() throws {
    try withProgram { path in
      let descriptor = open(path, O_WRONLY | O_CLOEXEC)
      try #require(descriptor >= 0)
      defer { close(descriptor) }
      let fault = #expect(throws: Diagnostic.self) { try Subprocess.run(path, []) }
      #expect(fault?.id == .toolFailed && fault?.message.contains(path) == true)
    }
  }
}
