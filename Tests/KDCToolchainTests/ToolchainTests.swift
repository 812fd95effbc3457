import Foundation
import KDCDiagnostics
import KDCTargets
import KDCTestSupport
import KDCToolchain
import Testing

private let toolchain = try? Toolchain.find()

@Suite struct ToolchainTests {
  @Test("A folder without tools gives KDC5001 with what was searched")
  func notFound() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let fault = #expect(throws: Diagnostic.self) { try Toolchain.find(in: folder.path) }
    #expect(fault?.id == .toolchainNotFound)
    #expect(fault?.notes.first?.contains(folder.path) == true)
  }

  @Test("An old clang gives KDC5002, a broken one KDC5003", arguments: ["9.0.1", "broken"])
  func tooOldOrBroken(version: String) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    for tool in ["clang", "ld.lld"] {
      let text = version == "broken" ? "#!/bin/sh\nexit 3\n" : "#!/bin/sh\necho clang version \(version)\n"
      try Files.write(Array(text.utf8), to: folder.path + "/" + tool, executable: true)
    }
    let fault = #expect(throws: Diagnostic.self) { try Toolchain.find(in: folder.path) }
    #expect(fault?.id == (version == "broken" ? .toolFailed : .toolchainTooOld))
  }

  @Test("Versioned names such as clang-19 are found where the plain name is missing")
  func versionedNames() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try Files.write(Array("#!/bin/sh\n".utf8), to: folder.path + "/clang-17", executable: true)
    try Files.write(Array("#!/bin/sh\n".utf8), to: folder.path + "/clang-19", executable: true)
    #expect(ToolSearch(folder: folder.path).find("clang") == folder.path + "/clang-19")
  }

  @Test(
    "Two builds in different folders give the same bytes for each architecture",
    .enabled(if: toolchain != nil, "needs clang and ld.lld"), arguments: Target.Architecture.allTested)
  func deterministic(architecture: Target.Architecture) throws {
    let builder = LibraryBuilder(
      toolchain: try #require(toolchain), architecture: architecture, warningsAreErrors: true)
    let first = try builder.build([TinyModel.source], soname: "model.kdb") { _ in [1, 2, 3] }
    let second = try builder.build([TinyModel.source], soname: "model.kdb") { _ in [1, 2, 3] }
    #expect(first == second)
    let text = String(decoding: first, as: UTF8.self)
    #expect(!text.contains("kdc-build-"))
    let elf = try ElfFile(first)
    let contents = try #require(try elf.contents(of: ".kdc"))
    #expect(Array(contents) == [1, 2, 3])
    #expect(try Set(elf.needed()) == ["libc.so.6", "libpthread.so.0"])
    #expect(elf.codeBytes < 36 << 10)
  }

  @Test(
    "Generated code that does not compile is an internal error with clang's message", .enabled(if: toolchain != nil))
  func badCode() throws {
    let builder = LibraryBuilder(toolchain: try #require(toolchain), architecture: .aarch64)
    let fault = #expect(throws: InternalError.self) {
      try builder.build([CSource(name: "model.c", text: "int f( {")], soname: "model.kdb") { _ in [] }
    }
    #expect(fault?.message.contains("model/model.c:1") == true)
  }

  @Test("A call that no stub library has fails at the link, not on the device", .enabled(if: toolchain != nil))
  func unknownSymbol() throws {
    let builder = LibraryBuilder(toolchain: try #require(toolchain), architecture: .aarch64)
    let extra = CSource(name: "extra.c", text: "float expf(float); float kdc_f(float x) { return expf(x); }")
    let model = CSource(
      name: "model.c",
      text: TinyModel.source.text
        + "\nfloat kdc_f(float); float (*const kdc_keep)(float) __attribute__((used, retain)) = kdc_f;")
    let fault = #expect(throws: InternalError.self) {
      try builder.build([model, extra], soname: "model.kdb") { _ in [] }
    }
    #expect(fault?.message.contains("expf") == true)
  }

  @Test("An instruction beyond ARMv8.0 outside its own section is found", .enabled(if: toolchain != nil))
  func beyondBaseline() throws {
    let builder = LibraryBuilder(toolchain: try #require(toolchain), architecture: .aarch64)
    let asm = "__asm__ volatile(\".arch armv8.2-a+dotprod\\n sdot v0.4s, v1.16b, v2.16b\");"
    func bundle(_ pragma: String) throws -> [UInt8] {
      let keep = "void kdc_dot(void); void (*const kdc_keep)(void) __attribute__((used, retain)) = kdc_dot;"
      let extra = CSource(name: "extra.c", text: "\(pragma)\nvoid kdc_dot(void) { \(asm) }\n")
      let model = CSource(name: "model.c", text: TinyModel.source.text + "\n" + keep)
      return try builder.build([model, extra], soname: "model.kdb") { _ in [1] }
    }
    let fault = #expect(throws: InternalError.self) { try bundle("") }
    #expect(fault?.message.contains("beyond ARMv8.0-A in .text: dot product") == true)
    let elf = try ElfFile(try bundle("#pragma clang section text = \"kdc_code_new\""))
    #expect(elf.sections.contains { $0.name == "kdc_code_new" })
  }

  @Test("Damaged ELF files never crash the reader")
  func damagedElf() throws {
    guard let toolchain else { return }
    let builder = LibraryBuilder(toolchain: toolchain, architecture: .aarch64)
    let file = try builder.build([TinyModel.source], soname: "model.kdb") { _ in [1, 2, 3] }
    for seed in UInt64(0)..<300 {
      var random = SeededGenerator(seed: seed)
      var damaged = file
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let headers = Bool.random(using: &random) ? 0..<1200 : file.count - 1300..<file.count
        damaged[Int.random(in: headers, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if Bool.random(using: &random) { damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random)) }
      do {
        let elf = try ElfFile(damaged)
        _ = try elf.contents(of: ".kdc")
        _ = try elf.needed()
        _ = try elf.neededVersions()
      } catch {
        #expect(error.id == .notABundle, "seed \(seed)")
      }
    }
  }
}

extension Target.Architecture {
  fileprivate static let allTested: [Target.Architecture] = [.aarch64, .x86_64]
}
