import KDCDiagnostics
import KDCProgram
import KDCTargets
import KDCToolchain

/// The checks of `kdc verify`, each in words.
package struct Verification: Sendable {
  package struct Check: Sendable, Hashable, Codable {
    /// "file", "golden vectors", …
    package var name: String
    package var passed: Bool
    /// What was found, or why the check could not be made.
    package var detail: String
    /// The check was not asked for, or needs something that this machine lacks; it counts neither way.
    package var skipped: Bool
  }

  /// What of the bundle's machine code is run.
  package struct Execution: Sendable {
    /// On this machine.
    package var isNative = false
    /// On emulated cores.
    package var simulated: [Target] = []
    /// For each run.
    package var seconds: Double = 600
    package init(isNative: Bool = false, simulated: [Target] = [], seconds: Double = 600) {
      self.isNative = isNative
      self.simulated = simulated
      self.seconds = seconds
    }
  }

  package private(set) var checks: [Check] = []
  package var passed: Bool { checks.allSatisfy(\.passed) }
  /// The first failure as a diagnostic.
  package private(set) var failure: Diagnostic?

  private let bundle: Bundle

  /// Checks a bundle whose bytes have been compared with its seal: structure and checksums, what the manifest states, and the golden
  /// vectors by the reference interpreter from the program that the bundle carries. Its machine code is run only as `execution` says, in a
  /// process of its own with limits of time and memory.
  ///
  /// Throws `damagedBundle`, `invalidProgram` and the like: a bundle that cannot be read has failed, too.
  package init(of bundle: Bundle, execution: Execution = Execution(), threads: Int = 1) throws {
    self.bundle = bundle
    add("file", true, "\(bundle.byteCount) bytes match the digest that they were sealed with")
    try bundle.checkStreams()
    add("structure", true, "\(bundle.container.entries.count) streams, every checksum right")
    let program = try bundle.program()
    let faults = try bundle.manifestFaults(program)
    add(
      "manifest", faults.isEmpty, faults.first ?? "program, weights and ports are as it states", .manifestMismatch)
    try checkGolden(program, threads: threads)
    if execution.isNative {
      try runNatively(execution)
    } else if execution.simulated.isEmpty {
      skip("machine code", "not run; --execute runs it on this machine, --simulate on an emulated device")
    }
    for target in execution.simulated { try simulate(target, execution) }
  }

  private mutating func checkGolden(_ program: Program, threads: Int) throws {
    guard let golden = try bundle.golden(), !golden.vectors.isEmpty else {
      return add("golden vectors", false, "the bundle has none", .goldenMissing)
    }
    if let fault = golden.fault(for: program) {
      return add("golden vectors", false, fault, .goldenMissing)
    }
    let differences = try golden.differences(from: program, threads: threads)
    let detail =
      differences.first.map { "output '\($0.output)' differs for seed \($0.seed)" }
      ?? "\(golden.vectors.count) by the reference interpreter"
    add("golden vectors", differences.isEmpty, detail)
  }

  private mutating func runNatively(_ execution: Execution) throws {
    guard bundle.manifest.architecture == Machine.architecture?.rawValue else {
      throw Diagnostic(
        .cannotRunHere, "the bundle's code is for \(bundle.manifest.architecture)", at: Place(file: bundle.path),
        hint: "leave out --execute; --simulate emulates a device")
    }
    try execute("this machine", under: [], execution)
  }

  private mutating func simulate(_ target: Target, _ execution: Execution) throws {
    guard bundle.manifest.targets.contains(target.name) else {
      throw Diagnostic(
        .cannotRunHere, "the bundle has no code for '\(target.name)'", at: Place(file: bundle.path),
        hint: "it was compiled for: \(bundle.manifest.targets.joined(separator: ", "))")
    }
    guard target.architecture == .aarch64 else { return }
    guard let emulator = Machine.emulator(core: target.cpu) else {
      return skip(target.name, "qemu-aarch64 or an AArch64 C library is not installed; see `kdc doctor`")
    }
    try execute("\(target.name) (emulated \(target.cpu))", under: emulator, execution)
  }

  /// Memory: the file, its weights unpacked and its tensors, twice, and as much as an emulator needs for itself.
  private mutating func execute(_ name: String, under emulator: [String], _ execution: Execution) throws {
    let manifest = bundle.manifest
    let parts = [bundle.byteCount, manifest.arenaBytes] + manifest.variants.map(\.weightsBytes)
    let memory = parts.reduce(1 << 30) { min(1 << 44, $0 + 2 * max(0, min($1, 1 << 40))) }
    let limits = Subprocess.Limits(seconds: execution.seconds, dataBytes: memory)
    let result = try Machine.run(bundle, ["--verify"], under: emulator, limits: limits)
    if result.timedOut {
      add(name, false, "it did not finish within \(execution.seconds) s", .executionStopped)
    } else {
      add(
        name, result.status == 0, Self.lastLine(of: result),
        result.status > 128 ? .executionStopped : .verificationFailed)
    }
  }

  /// Appends a check that was made; the first that failed is the failure, under `id`.
  package mutating func add(_ name: String, _ passed: Bool, _ detail: String, _ id: DiagnosticID = .verificationFailed)
  {
    checks.append(Check(name: name, passed: passed, detail: detail, skipped: false))
    if !passed && failure == nil {
      failure = Diagnostic(
        id, "\(name): \(detail)", at: Place(file: bundle.path),
        hint: "copy the bundle again; if it still fails after compiling it again, this is a bug in kdc")
    }
  }

  private mutating func skip(_ name: String, _ detail: String) {
    checks.append(Check(name: name, passed: true, detail: detail, skipped: true))
  }

  private static func lastLine(of result: Subprocess.Result) -> String {
    let line = result.output.split(separator: "\n").last.map(String.init)
    if result.status > 128 { return "ended by signal \(result.status - 128)" + (line.map { " after: \($0)" } ?? "") }
    return line ?? "exit code \(result.status)"
  }
}
