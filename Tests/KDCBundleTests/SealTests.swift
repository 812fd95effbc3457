import Foundation
import KDCBundle
import KDCDiagnostics
import KDCTargets
import KDCTestSupport
import KDCToolchain
import Testing

/// A bundle is whole before anything of it is believed or run.
@Suite(.enabled(if: TinyModel.toolchain != nil, "needs clang and ld.lld to build a bundle"))
struct SealTests {
  /// KDC_SWEEP=1 flips and cuts as often as a release is tried with.
  private static let isWhole = ProcessInfo.processInfo.environment["KDC_SWEEP"] == "1"

  @Test(
    "Every flipped bit is found, for this machine and for another", arguments: [Target.Architecture.x86_64, .aarch64])
  func flips(architecture: Target.Architecture) throws {
    let bytes = try TinyModel.bundle(architecture)
    var random = SeededGenerator(seed: 9)
    let places =
      Self.isWhole ? (0..<6000).map { _ in Int.random(in: 0..<bytes.count, using: &random) } : Self.places(bytes)
    for place in places {
      var damaged = bytes
      damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      let fault = #expect(throws: Diagnostic.self, "byte \(place)") { try Bundle(damaged, path: "tiny.kdb") }
      let known: [DiagnosticID] = [.bundleAltered, .bundleCutShort, .notABundle, .unsupportedBundle]
      #expect(fault.map { known.contains($0.id) } == true)
    }
  }

  /// Each byte of the headers and the seal, and some of all that follows.
  private static func places(_ bytes: [UInt8]) -> [Int] {
    Array(0..<1024) + Array(stride(from: 1024, to: bytes.count, by: 397)) + [bytes.count - 1]
  }

  @Test("Cut anywhere, a bundle is called cut short, and Linux refuses to start it")
  func cuts() throws {
    let bytes = try TinyModel.bundle(TinyModel.hostArchitecture)
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/cut.kdb"
    var random = SeededGenerator(seed: 4)
    let cuts = (0..<(Self.isWhole ? 500 : 25)).map { _ in Int.random(in: 1..<bytes.count, using: &random) }
    for cut in cuts + [1, 63, 64, 600, 4096, bytes.count - 1] {
      let part = Array(bytes[..<cut])
      let fault = #expect(throws: Diagnostic.self) { try Bundle(part, path: path) }
      #expect(fault?.id == .bundleCutShort, "cut at \(cut)")
      try Files.write(part, to: path, executable: true)
      let start = #expect(throws: Diagnostic.self, "cut at \(cut)") {
        try Subprocess.runConfined([path, "--verify"], limits: nil)
      }
      #expect(start?.id == .toolFailed)
    }
  }

  @Test("What follows the end of a bundle is not ignored")
  func appended() throws {
    let fault = #expect(throws: Diagnostic.self) {
      try Bundle(try TinyModel.bundle(.aarch64) + [0], path: "tiny.kdb")
    }
    #expect(fault?.id == .bundleAltered)
  }

  @Test("A bundle with a damaged code byte does not verify itself")
  func ownFile() throws {
    var bytes = try TinyModel.bundle(TinyModel.hostArchitecture)
    // In the text of a message that the check does not need.
    let text = Array("needs a positive number".utf8)
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: text) })
    bytes[place] ^= 0x20
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try Files.write(bytes, to: folder.path + "/tiny.kdb", executable: true)
    let result = try Subprocess.run(folder.path + "/tiny.kdb", ["--verify"])
    #expect(result.status == 4 && result.output.contains("the bundle was altered"), "\(result.output)")
  }

  @Test("A library that is no bundle gives KDC6001, whatever sections it has")
  func otherLibrary() throws {
    let library = try Files.read("/bin/sh")
    let fault = #expect(throws: Diagnostic.self) { try Bundle(library, path: "sh") }
    #expect(fault?.id == .notABundle)
  }

  @Test(
    "Damage behind the seal, as only a forger could do it, is found by the manifest's hashes and the golden vectors")
  func forged() throws {
    for (kind, id) in [(ContainerFormat.Kind.golden, DiagnosticID.goldenMissing), (.constant, .manifestMismatch)] {
      let bytes = try forgery(without: kind)
      let verification = try Verification(of: Bundle(bytes, path: "tiny.kdb"))
      #expect(verification.failure?.id == id, "\(String(describing: verification.failure))")
    }
  }

  /// A sealed bundle of a container that lacks golden vectors, or has other weights.
  private func forgery(without kind: ContainerFormat.Kind) throws -> [UInt8] {
    var bytes = try TinyModel.bundle(.aarch64)
    let old = try Bundle(bytes, path: "")
    var writer = ContainerWriter()
    for entry in old.container.entries {
      var contents = try old.container.contents(of: entry)
      if entry.kind == .golden && kind == .golden { contents = Array(#"{"ranges":{"x":[0,1]},"vectors":[]}"#.utf8) }
      if entry.kind == .constant && kind == .constant { contents[contents.count - 1] ^= 1 }
      try writer.add(entry.kind, contents)
    }
    var container = try writer.finish()
    let place = old.container.bytes.indices
    container += [UInt8](repeating: 0, count: max(0, place.count - container.count))
    try #require(container.count == place.count)
    bytes.replaceSubrange(place, with: container)
    try Seal.seal(&bytes, container: place)
    return bytes
  }

  @Test("Code that does not end is stopped, and its process with it")
  func endless() throws {
    let start = Date()
    let result = try Subprocess.runConfined(
      ["/bin/sh", "-c", "sleep 100 & while :; do :; done"], limits: Subprocess.Limits(seconds: 0.5, dataBytes: 1 << 30))
    #expect(result.timedOut && result.status == 128 + 9 && Date().timeIntervalSince(start) < 30)
  }

  @Test("A bundle whose code does not end within its time gives KDC6016")
  func tooLittleTime() throws {
    let bytes = try TinyModel.bundle(TinyModel.hostArchitecture)
    let execution = Verification.Execution(isNative: true, seconds: 1e-9)
    let verification = try Verification(of: Bundle(bytes, path: "tiny.kdb"), execution: execution)
    #expect(verification.failure?.id == .executionStopped)
  }

  @Test("A name with U+0000 gives KDC6017")
  func nameOfC() throws {
    var program = TinyModel.program
    program.outputs[0].name = "y\0z"
    let fault = #expect(throws: Diagnostic.self) { try TinyModel.bundle(.aarch64, of: program) }
    #expect(fault?.id == .portName)
  }
}
