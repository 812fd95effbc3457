import Glibc
import KDCDiagnostics

/// A clang and an ld.lld that can build bundles.
package struct Toolchain: Sendable {
  /// Paths of the programs.
  package let clang: String
  package let linker: String
  /// "21.1.6": clang's version without vendor and paths, as the manifest records it.
  package let clangVersion: String
  package let linkerVersion: String

  /// The oldest clang that knows `__attribute__((retain))` and the cores' models.
  package static let oldestVersion = 14

  /// Looks in `folder` (and its bin, usr/bin) where given and nowhere else; without it next to `swift`, then on PATH.
  /// Throws `toolchainNotFound` or `toolchainTooOld`.
  package static func find(in folder: String? = nil) throws(Diagnostic) -> Toolchain {
    let search = ToolSearch(folder: folder)
    let missing = ["clang", "ld.lld"].filter { search.find($0) == nil }
    guard let clang = search.find("clang"), let linker = search.find("ld.lld") else {
      throw Diagnostic(
        .toolchainNotFound, "cannot find \(missing.joined(separator: " and "))",
        notes: ["searched: " + search.folders.joined(separator: ", ")],
        hint: "both come with the Swift toolchain and with Debian's packages clang and lld; "
          + "name their folder with --toolchain")
    }
    let clangVersion = try version(of: clang)
    let linkerVersion = try version(of: linker)
    for (tool, version) in [(clang, clangVersion), (linker, linkerVersion)] where major(version) < oldestVersion {
      throw Diagnostic(
        .toolchainTooOld, "'\(tool)' is version \(version); version \(oldestVersion) or newer is needed",
        hint: "the Swift toolchain brings newer ones; name another folder with --toolchain")
    }
    return Toolchain(clang: clang, linker: linker, clangVersion: clangVersion, linkerVersion: linkerVersion)
  }

  /// The dotted number that a tool prints for --version.
  package static func version(of tool: String) throws(Diagnostic) -> String {
    let result = try Subprocess.run(tool, ["--version"])
    let words = result.output.prefix(400).split(whereSeparator: { " \n\t,".contains($0) })
    let number = words.first { $0.first?.isNumber == true && $0.contains(".") }
    guard result.status == 0, let number else {
      throw Diagnostic(
        .toolFailed, "'\(tool) --version' exited \(result.status)", notes: [String(result.output.prefix(300))])
    }
    return String(number.prefix { $0.isNumber || $0 == "." })
  }

  private static func major(_ version: String) -> Int { Int(version.prefix { $0.isNumber }) ?? 0 }
}

/// Where programs are looked for, in order.
package struct ToolSearch: Sendable {
  package let folders: [String]

  package init(folder: String? = nil) {
    if let folder {
      folders = [folder, folder + "/bin", folder + "/usr/bin"]
    } else {
      let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
      let onPath = path.split(separator: ":").map(String.init)
      // The real folder of `swift`: swiftly and packages put links elsewhere.
      let swift = onPath.map { $0 + "/swift" }.first { access($0, X_OK) == 0 }.flatMap(Self.realPath)
      folders = (swift.map { [String($0[..<($0.lastIndex(of: "/") ?? $0.startIndex)])] } ?? []) + onPath
    }
  }

  /// The path of a program, or of its newest versioned name ("clang-19") where the plain one is missing.
  package func find(_ name: String) -> String? {
    let names = [name] + (Toolchain.oldestVersion...30).reversed().map { "\(name)-\($0)" }
    for name in names {
      if let found = folders.map({ $0 + "/" + name }).first(where: { access($0, X_OK) == 0 }) { return found }
    }
    return nil
  }

  private static func realPath(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }
}
