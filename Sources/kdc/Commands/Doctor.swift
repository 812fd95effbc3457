import ArgumentParser
import KDCBundle
import KDCToolchain

/// `kdc doctor`: which tools kdc finds, and how to get those it does not.
struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check the tools that kdc uses.",
    discussion: """
      EXAMPLES
        kdc doctor
        kdc doctor --toolchain /usr/lib/llvm-19/bin
      """)

  @Option(help: ArgumentHelp("Folder that holds clang and ld.lld.", valueName: "folder"))
  var toolchain: String?

  private struct Finding: Codable {
    var tool: String
    var found: String?
    var purpose: String
    /// Without it kdc cannot compile.
    var required: Bool
    var install: String
  }

  @Option(help: ArgumentHelp("Write the findings as JSON to this file; - prints them alone.", valueName: "file"))
  var json: String?

  mutating func run() async throws {
    let findings = findings()
    let missing = findings.filter { $0.required && $0.found == nil }
    if let json { try Console.json(findings, to: json) }
    if json != "-" {
      for finding in findings {
        let mark = finding.found != nil ? "ok      " : finding.required ? "MISSING " : "absent  "
        Console.result("\(mark) \(finding.tool): \(finding.found ?? finding.purpose)")
        if finding.found == nil { Console.result("         to install: \(finding.install)") }
      }
      Console.result(missing.isEmpty ? "kdc can compile on this machine." : "kdc cannot compile on this machine.")
    }
    guard missing.isEmpty else {
      throw CommandFailure(
        status: .fault, message: "missing: " + missing.map(\.tool).joined(separator: ", "))
    }
  }

  private func findings() -> [Finding] {
    let compilers = ToolSearch(folder: toolchain)
    let anywhere = ToolSearch()
    func version(_ path: String?) -> String? {
      path.map { path in path + ((try? Toolchain.version(of: path)).map { " (\($0))" } ?? "") }
    }
    let usable = try? Toolchain.find(in: toolchain)
    let old = usable == nil ? "version \(Toolchain.oldestVersion) or newer is needed; " : ""
    return [
      Finding(
        tool: "clang", found: usable.map { "\($0.clang) (\($0.clangVersion))" },
        purpose: old + "compiles the generated code" + (compilers.find("clang").map { "; found \($0)" } ?? ""),
        required: true, install: "part of the Swift toolchain (swift.org/install), or: apt-get install clang"),
      Finding(
        tool: "ld.lld", found: usable.map { "\($0.linker) (\($0.linkerVersion))" },
        purpose: old + "links bundles" + (compilers.find("ld.lld").map { "; found \($0)" } ?? ""),
        required: true, install: "part of the Swift toolchain, or: apt-get install lld"),
      Finding(
        tool: "llvm-objdump", found: version(compilers.find("llvm-objdump") ?? anywhere.find("llvm-objdump")),
        purpose: "shows a bundle's machine code", required: false,
        install: "part of the Swift toolchain, or: apt-get install llvm"),
      Finding(
        tool: "qemu-aarch64", found: version(anywhere.find("qemu-aarch64") ?? anywhere.find("qemu-aarch64-static")),
        purpose: "runs bundles for AArch64 boards in `kdc verify --simulate`", required: false,
        install: "apt-get install qemu-user"),
      Finding(
        tool: "AArch64 C library", found: Machine.aarch64Root,
        purpose: "the C library that such bundles load under qemu-aarch64", required: false,
        install: "apt-get install libc6-arm64-cross, or name its folder in KDC_AARCH64_ROOT"),
      Finding(
        tool: "ffmpeg", found: anywhere.find("ffmpeg"), purpose: "unpacks videos for `kdc run`", required: false,
        install: "apt-get install ffmpeg"),
      // Linked into kdc: without it this program would not have started.
      Finding(
        tool: "OpenBLAS", found: "linked", purpose: "training and calibration", required: true,
        install: "apt-get install libopenblas0"),
      Finding(
        tool: "libpng, libjpeg-turbo, libwebp, libtiff, libsndfile", found: "linked",
        purpose: "pictures and recordings as samples", required: true,
        install: "apt-get install libpng16-16 libturbojpeg0 libwebp7 libtiff6 libsndfile1"),
    ]
  }
}
