import Foundation
import KDCKernels
import KDCProgram
import KDCTestSupport
import KDCToolchain
import Testing

private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path
private let compiler = ToolSearch().find("cc")

/// Parts of the runtime that no bundle reaches in every way, in C programs of their own.
@Suite(.enabled(if: compiler != nil, "needs cc"))
struct RuntimeProgramTests {
  /// Builds Tests/RuntimePrograms/`name`.c with `files` of the runtime, with a sanitizer where the compiler has it.
  private func build(_ name: String, _ files: [String], sanitizer: String, library: String, _ folder: TemporaryFolder)
    throws -> String
  {
    let sources = ["\(root)/Tests/RuntimePrograms/\(name).c"] + files.map { "\(root)/Sources/CKDCRuntime/\($0)" }
    let plain = ["-std=gnu11", "-O1", "-g"] + sources + [library, "-o", "program"]
    for flags in [["-fsanitize=\(sanitizer)", "-fno-sanitize-recover=all"] + plain, plain] {
      let build = try Subprocess.run(try #require(compiler), flags, in: folder.path)
      guard build.status == 0 else {
        #expect(flags != plain, "\(build.output)")
        continue
      }
      return folder.path + "/program"
    }
    return ""
  }

  @Test(
    "Parts of the runtime stand their tests in C",
    arguments: [
      ("pool", ["pool.c"], "address,undefined", "-lpthread"), ("pool", ["pool.c"], "thread", "-lpthread"),
      ("inflate", ["inflate.c"], "address,undefined", "-lz"), ("chain", ["chain.c"], "address,undefined", "-lm"),
      ("decimal", ["decimal.c"], "address,undefined", "-lm"),
    ])
  func program(name: String, files: [String], sanitizer: String, library: String) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let program = try build(name, files, sanitizer: sanitizer, library: library, folder)
    let result = try Subprocess.run("/usr/bin/env", ["timeout", "300", program], in: folder.path)
    #expect(result.status == 0 && result.output == "ok\n", "exit \(result.status): \(result.output)")
  }

  @Test("The loader packs constants as the packings are defined")
  func packing() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let program = try build("pack", ["pack.c"], sanitizer: "address,undefined", library: "-lm", folder)
    var random = SeededGenerator(seed: 21)
    var input = Data()
    var expected = Data()
    for _ in 0..<60 {
      func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
      let (rows, runs, length) = (pick(1...37), pick(1...9), pick(1...40))
      let (nr, kr) = (2 * pick(1...8), [1, 4, 8, 16][pick(0...3)])
      let isInt4 = pick(0...2) == 0
      let all: [(code: Int, runs: Int, packing: Packing)] = [
        (1, runs, .panels(rows: rows, runs: runs, length: length, nr: nr, kr: kr, widened: false)),
        (2, runs, .panels(rows: rows, runs: runs, length: length, nr: nr, kr: kr, widened: true)),
        (3, runs, .halfBytePanels(rows: rows, runs: runs, length: length, nr: nr, kr: kr)),
        (8, 9, .winograd4(rows: rows, channels: length)),
      ]
      for (code, runs, packing) in all {
        let small = isInt4 || code == 3
        let values = (0..<rows * runs * length).map { _ in Int8(pick(small ? -8...7 : -127...127)) }
        let stored = isInt4 ? Int4.pack(values) : values.map { UInt8(bitPattern: $0) }
        let packed = packing.pack(values.map { UInt8(bitPattern: $0) })
        let fields = [code + (isInt4 ? 16 : 0), rows, runs, length, nr, kr, stored.count, packed.count]
        for field in fields { withUnsafeBytes(of: UInt32(field).littleEndian) { input.append(contentsOf: $0) } }
        input.append(contentsOf: stored)
        expected.append(contentsOf: packed)
      }
    }
    #expect(try Tools.run(program, [], input: input) == expected, "seed 21")
  }
}
