import Foundation
import KDCToolchain
import Testing

private let runtimeFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources/CKDCRuntime")

@Test(
  "The embedded runtime is the one of the source tree: run scripts/embed where this fails",
  .enabled(if: FileManager.default.fileExists(atPath: runtimeFolder.path), "needs the source tree"))
func embeddedRuntimeIsFresh() throws {
  var expected: [String: String] = [:]
  for folder in ["", "include/"] {
    for file in try FileManager.default.contentsOfDirectory(atPath: runtimeFolder.path + "/" + folder)
    where (file.hasSuffix(".c") || file.hasSuffix(".h")) && file != "load.c" {
      expected[folder + file] = try String(contentsOfFile: runtimeFolder.path + "/" + folder + file, encoding: .utf8)
    }
  }
  #expect(embeddedRuntime.map(\.file).sorted() == expected.keys.sorted())
  for (file, text) in embeddedRuntime { #expect(text == expected[file], "\(file) differs") }
}

@Test("Generated C is laid out as the C of the source tree")
func layout() throws {
  let file = runtimeFolder.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
    ".clang-format")
  let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
  #expect(lines.map(String.init) == SourceLayout.options)
}
