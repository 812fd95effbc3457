import Foundation
import KDCKernels
import KDCProgram
import KDCTensor
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
    func add(_ packing: Packing, stored: [UInt8], flag: Int, packed: [UInt8]) {
      let sizes = [packing.rows, packing.runs, packing.length, packing.nr, packing.kr, stored.count, packed.count]
      for field in [packing.layout.number + flag] + sizes {
        withUnsafeBytes(of: UInt32(field).littleEndian) { input.append(contentsOf: $0) }
      }
      input.append(contentsOf: stored)
      expected.append(contentsOf: packed)
    }
    for _ in 0..<60 {
      func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
      let (rows, runs, length) = (pick(1...37), pick(1...9), pick(1...40))
      let (nr, kr) = (2 * pick(1...8), [1, 4, 8, 16][pick(0...3)])
      let isInt4 = pick(0...2) == 0
      let all: [(runs: Int, packing: Packing)] = [
        (runs, .plain),
        (runs, .panels(rows: rows, runs: runs, length: length, nr: nr, kr: kr, widened: false)),
        (runs, .panels(rows: rows, runs: runs, length: length, nr: nr, kr: kr, widened: true)),
        (runs, .halfBytePanels(rows: rows, runs: runs, length: length, nr: nr, kr: kr)),
        (runs, .offsetPanels(rows: rows, runs: runs, length: length, nr: nr, kr: kr)),
        (runs, .pairedPanels(rows: rows, runs: runs, length: length, nr: nr)),
        (9, .winograd4(rows: rows, channels: length)),
        (runs, .pairedColumns(rows: rows, runs: runs, length: length, nr: 16 * pick(1...3), part: pick(1...12))),
      ]
      let groups = pick(1...3)
      let floats: [(count: Int, packing: Packing)] = [
        (groups * rows * length, .floatPanels(groups: groups, depth: length, rows: rows, nr: nr)),
        (9 * rows * length, .floatWinograd(depth: length, rows: rows, nr: nr)),
      ]
      let layouts = all.map(\.packing.layout) + floats.map(\.packing.layout)
      #expect(Set(layouts) == Set(PackingLayout.all), "a case for each layout")
      for (count, packing) in floats {
        let tensor = Tensor([count], (0..<count).map { _ in Float.random(in: -2...2, using: &random) })
        let packed = packing.pack(tensor.littleEndianBytes)
        add(packing, stored: tensor.littleEndianBytes, flag: 0, packed: packed)
        add(packing, stored: Constant(name: "planes", tensor: tensor).storedBytes, flag: 32, packed: packed)
      }
      for (runs, packing) in all {
        let small = isInt4 || packing.layout.name == "KDC_PANELS_4"
        let values = (0..<rows * runs * length).map { _ in Int8(pick(small ? -8...7 : -127...127)) }
        let bytes = values.map { UInt8(bitPattern: $0) }
        add(packing, stored: isInt4 ? Int4.pack(values) : bytes, flag: isInt4 ? 16 : 0, packed: packing.pack(bytes))
      }
      let wide = Tensor([rows, length], (0..<rows * length).map { _ in Int32(pick(-1 << 31...(1 << 31) - 1)) })
      let inPlanes = Constant(name: "wide", tensor: wide)
      add(.plain, stored: inPlanes.storedBytes, flag: 32, packed: wide.littleEndianBytes)
    }
    #expect(try Tools.run(program, [], input: input) == expected, "seed 21")
  }

  @Test("The runtime's header names each layout with its number")
  func layouts() throws {
    let header = try String(contentsOfFile: "\(root)/Sources/CKDCRuntime/include/kdc_model.h", encoding: .utf8)
    for layout in PackingLayout.all { #expect(header.contains("  \(layout.name) = \(layout.number),")) }
  }
}
