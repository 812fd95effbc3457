import Foundation
import KDCDiagnostics
import KDCKernels
import KDCTestSupport
import Testing

private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent("Sources/CKDCKernels")

@Suite struct CHelpersTests {
  private static func headers() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".h") }.sorted()
  }

  @Test("The embedded headers are those of the source tree: run scripts/embed where this fails")
  func embeddedIsFresh() throws {
    #expect(embeddedHelpers.map(\.file) == (try Self.headers()))
    for (file, text) in embeddedHelpers {
      #expect(try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8) == text, "\(file)")
    }
  }

  @Test("Clang takes each header by itself", .enabled(if: Tools.path(of: "clang") != nil, "needs clang"))
  func headersCompile() throws {
    let clang = try #require(Tools.path(of: "clang"))
    for file in try Self.headers() {
      let targets =
        file.hasPrefix("neon")
        ? [TestTargets.a72]
        : file.hasPrefix("avx2")
          ? [TestTargets.host]
          : file.hasPrefix("vnni") || file.hasPrefix("avx512")
            ? [TestTargets.avx512] : [TestTargets.a72, TestTargets.host]
      for target in targets {
        let flags =
          target.compilerFlags + [
            "--target=\(target.architecture.rawValue)-linux-gnu", "-std=c11", "-ffreestanding", "-nostdlibinc", "-Wall",
            "-Wextra", "-Werror", "-I", folder.path, "-fsyntax-only", "-x", "c", "-",
          ]
        _ = try Tools.run(clang, flags, input: Data("#include \"\(file)\"\n".utf8))
      }
    }
  }

  @Test("Code gets what it names, after what that uses, and nothing that only comments name")
  func source() throws {
    let text = try CHelpers.source(usedIn: "  y[i] = kdc_sigmoidf(x[i]);  // not kdc_tanhf(x)\n")
    let places = ["define KDC_INLINE", " kdc_from_bits(", " kdc_exponential(", " kdc_expf(", " kdc_sigmoidf("].map {
      text.firstRange(of: $0)?.lowerBound
    }
    #expect(!places.contains(nil) && places.compactMap { $0 } == places.compactMap { $0 }.sorted())
    #expect(!text.contains("kdc_tanhf") && !text.contains("kdc_pad_rows") && !text.contains("#include"))
    #expect(try CHelpers.source(usedIn: "y[0] = 1;") == "")
  }

  @Test("A kernel that calls what no header defines is an error")
  func unknown() {
    let fault = #expect(throws: InternalError.self) { try CHelpers.source(usedIn: "y = kdc_sigmoid(x);") }
    #expect(fault?.message == "a kernel calls kdc_sigmoid, which no helper defines")
    #expect(CHelpers.all.isSuperset(of: ["KDC_UNROLL", "kdc_store_4", "kdc_winograd4_image", "kdc_power_of_two"]))
  }
}
