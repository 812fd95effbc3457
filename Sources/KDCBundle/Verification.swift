import KDCDiagnostics
import KDCTargets
import KDCToolchain

/// The checks of `kdc verify`, each in words.
package struct Verification: Sendable {
  package struct Check: Sendable, Hashable, Codable {
    /// "structure", "golden vectors by the interpreter", …
    package var name: String
    package var passed: Bool
    /// What was found, or why the check could not be made.
    package var detail: String
    /// The check needs something that this machine lacks; it counts neither way.
    package var skipped: Bool
  }
  package private(set) var checks: [Check] = []
  package var passed: Bool { checks.allSatisfy(\.passed) }
  /// The first failure as a diagnostic.
  package private(set) var failure: Diagnostic?

  private let bundle: Bundle

  /// Structure and checksums, then golden vectors: by the reference interpreter from the program that the bundle
  /// carries, by running the bundle where its architecture is this machine's, and for each target of `simulate` under
  /// qemu-aarch64 with that core where qemu is installed.
  ///
  /// Throws `damagedBundle`, `invalidProgram` and the like: a bundle that cannot be read has failed, too.
  package init(of bundle: Bundle, simulate targets: [Target] = [], threads: Int = 1) throws {
    self.bundle = bundle
    try bundle.checkStreams()
    add("structure", true, "\(bundle.container.entries.count) streams, every checksum right")
    let program = try bundle.program()
    if let golden = try bundle.golden() {
      let differences = try golden.differences(from: program, threads: threads)
      let detail =
        differences.first.map { "output '\($0.output)' differs for seed \($0.seed)" }
        ?? "\(golden.vectors.count) by the reference interpreter"
      add("golden vectors", differences.isEmpty, detail)
    } else {
      skip("golden vectors", "the bundle has none")
    }
    if bundle.manifest.architecture == Machine.architecture?.rawValue {
      try runNatively()
    } else if targets.isEmpty {
      skip("this machine", "the code is for \(bundle.manifest.architecture)")
    }
    for target in targets { try simulate(target) }
  }

  private mutating func runNatively() throws {
    let result = try Machine.run(bundle, ["--verify"], under: [])
    add("this machine", result.status == 0, Self.lastLine(of: result))
  }

  private mutating func simulate(_ target: Target) throws {
    guard bundle.manifest.targets.contains(target.name) else {
      throw Diagnostic(
        .cannotRunHere, "the bundle has no code for '\(target.name)'", at: Place(file: bundle.path),
        hint: "it was compiled for: \(bundle.manifest.targets.joined(separator: ", "))")
    }
    guard target.architecture == .aarch64 else { return }
    guard let emulator = Machine.emulator(core: target.cpu) else {
      return skip(target.name, "qemu-aarch64 or an AArch64 C library is not installed; see `kdc doctor`")
    }
    let result = try Machine.run(bundle, ["--verify"], under: emulator)
    add("\(target.name) (emulated \(target.cpu))", result.status == 0, Self.lastLine(of: result))
  }

  private mutating func add(_ name: String, _ passed: Bool, _ detail: String) {
    checks.append(Check(name: name, passed: passed, detail: detail, skipped: false))
    if !passed && failure == nil {
      failure = Diagnostic(
        .verificationFailed, "\(name): \(detail)", at: Place(file: bundle.path),
        hint: "copy the bundle again; if it still fails after compiling it again, this is a bug in kdc")
    }
  }

  private mutating func skip(_ name: String, _ detail: String) {
    checks.append(Check(name: name, passed: true, detail: detail, skipped: true))
  }

  private static func lastLine(of result: Subprocess.Result) -> String {
    let line = result.output.split(separator: "\n").last.map(String.init)
    return line ?? "exit code \(result.status)"
  }
}
