import Foundation
import KDCBundle
import KDCDiagnostics
import KDCTargets
import KDCTestSupport
import KDCToolchain
import Testing

private let hasTools = TinyModel.toolchain != nil

@Suite struct BundleTests {
  @Test("A bundle gives back its program, its golden vectors and its manifest", .enabled(if: hasTools))
  func roundTrip() throws {
    let bytes = try TinyModel.bundle(.aarch64)
    let bundle = try Bundle(bytes, path: "tiny.kdb")
    #expect(bundle.manifest.model == "tiny")
    #expect(bundle.manifest.architecture == "aarch64")
    #expect(bundle.manifest.inputs.map(\.shape) == [[1, 8]])
    let section = try #require(try ElfFile(bytes).sections.first { $0.name == ".kdc" })
    #expect(bundle.manifest.codeBytes == bundle.byteCount - section.size && bundle.dataBytes == section.size)
    #expect(bundle.manifest.instructionBytes > 1000 && bundle.manifest.instructionBytes < bundle.manifest.codeBytes)
    #expect(
      bundle.manifest.hashes["weights"]
        == Digest.hexadecimal(of: TinyModel.program.constants[0].tensor.littleEndianBytes))
    let program = try bundle.program()
    #expect(program.steps.count == 2)
    let golden = try #require(try bundle.golden())
    #expect(golden.vectors.count == 2)
    #expect(try golden.differences(from: program, threads: 1).isEmpty)
  }

  @Test("The digest is SHA-256: FIPS 180-2, appendix B.1")
  func digest() {
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(Digest.hexadecimal(of: Array("abc".utf8)) == expected)
  }

  @Test("The same program gives the same bundle", .enabled(if: hasTools))
  func deterministic() throws { #expect(try TinyModel.bundle(.x86_64) == TinyModel.bundle(.x86_64)) }

  @Test(
    "Golden vectors that do not fit are found by the interpreter and by the bundle as a program", .enabled(if: hasTools)
  )
  func wrongGolden() throws {
    var golden = try Golden(of: TinyModel.program, seeds: [3], ranges: [:])
    golden.vectors[0].crc["y"] = 1
    let bytes = try TinyModel.bundle(TinyModel.hostArchitecture, golden: golden)
    let read = try Bundle(bytes, path: "tiny.kdb")
    let differences = try #require(try read.golden()).differences(from: try read.program(), threads: 1)
    #expect(differences.map(\.output) == ["y"])
    try withFile(bytes) { path in
      let verification = try Verification(of: Bundle(contentsOf: path))
      #expect(!verification.passed)
      #expect(verification.failure?.id == .verificationFailed)
    }
    let result = try run(bytes, ["--verify"])
    #expect(result.status == 4)
    #expect(result.output.contains("differs from the golden vectors: y"))
  }

  @Test(
    "Verification passes for a right bundle, and refuses a target that it was not compiled for", .enabled(if: hasTools))
  func verification() throws {
    try withFile(try TinyModel.bundle(TinyModel.hostArchitecture)) { path in
      let bundle = try Bundle(contentsOf: path)
      let verification = try Verification(of: bundle)
      #expect(verification.passed && verification.failure == nil)
      #expect(verification.checks.map(\.name) == ["file", "structure", "manifest", "golden vectors", "machine code"])
      #expect(verification.checks.map(\.skipped) == [false, false, false, false, true])
      let executed = try Verification(of: bundle, execution: Verification.Execution(isNative: true))
      #expect(executed.passed && executed.checks.last?.name == "this machine" && executed.checks.last?.skipped == false)
      let other = try #require(try Targets.builtIn().find(["pi4b"]).first)
      let fault = #expect(throws: Diagnostic.self) {
        try Verification(of: bundle, execution: Verification.Execution(simulated: [other]))
      }
      #expect(fault?.id == .cannotRunHere)
    }
  }

  @Test("A damaged stream stops the program even where the seal is right", .enabled(if: hasTools))
  func damagedStream() throws {
    var bytes = try TinyModel.bundle(TinyModel.hostArchitecture)
    let container = try Bundle(bytes, path: "").container
    let entry = try #require(container.entry(.constant))
    bytes[container.bytes.startIndex + entry.offset] ^= 1
    try Seal.seal(&bytes, container: container.bytes.indices)
    let damaged = try Bundle(bytes, path: "tiny.kdb")
    let fault = #expect(throws: Diagnostic.self) { try damaged.checkStreams() }
    #expect(fault?.id == .damagedBundle)
    #expect(try run(bytes, ["--verify"]).status == 4)
  }

  @Test("A library that is no bundle gives KDC6001")
  func otherLibrary() throws {
    let fault = #expect(throws: Diagnostic.self) { try Bundle(Array("#!/bin/sh\n".utf8), path: "x.kdb") }
    #expect(fault?.id == .notABundle)
    #expect(fault?.place?.file == "x.kdb")
  }

  @Test("A folder that cannot be written gives KDC1002 and leaves nothing")
  func unwritable() throws {
    let fault = #expect(throws: Diagnostic.self) {
      try Files.write([1], to: "/proc/kdc-cannot-write-here/model.kdb", executable: true)
    }
    #expect(fault?.id == .outputNotWritable)
  }

  @Test("Random damage to a bundle never crashes the reader", .enabled(if: hasTools))
  func randomDamage() throws {
    let bytes = try TinyModel.bundle(.aarch64)
    let container = try Bundle(bytes, path: "").container.bytes.indices
    for seed in UInt64(0)..<200 {
      var random = SeededGenerator(seed: seed)
      var damaged = bytes
      for _ in 0..<20 {
        damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      // Behind a right seal every other time: the readers must stand without it.
      if seed % 2 == 0 { try? Seal.seal(&damaged, container: container) }
      guard let bundle = try? Bundle(damaged, path: "") else { continue }
      _ = try? bundle.program()
      _ = try? bundle.golden()
    }
  }

  /// The bytes as an executable file for as long as `body` runs.
  private func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try Files.write(bytes, to: folder.path + "/model.kdb", executable: true)
    return try body(folder.path + "/model.kdb")
  }

  private func run(_ bytes: [UInt8], _ arguments: [String]) throws -> Subprocess.Result {
    try withFile(bytes) { try Subprocess.run($0, arguments) }
  }
}
