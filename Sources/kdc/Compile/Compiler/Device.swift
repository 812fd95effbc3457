import KDCBundle
import KDCProgram
import KDCTargets
import KDCToolchain

/// What computes a program here as devices do, byte for byte.
struct Device: Sendable {
  let runner: any ModelRunner
  /// How many samples it can be asked for.
  var limit = Int.max
  /// For people.
  let name: String
}

extension Compiler {
  /// Multiply-accumulates that the reference interpreter may take: more are worth building code for this machine.
  private static let interpreterMacs = 2_000_000_000

  /// What to run `samples` samples with: machine code where it is built, or worth building, else the interpreter.
  func device(for program: Program, samples: Int, built: Built? = nil) throws -> Device {
    if let bundle = built?.host { return Device(runner: try native(bundle, program), name: "machine code") }
    if program.macs * samples > Self.interpreterMacs, let bundle = try hostBundle(of: program, built?.golden) {
      return Device(runner: try native(bundle, program), name: "machine code for this machine")
    }
    // Without machine code a large model is measured on fewer samples rather than for hours.
    return Device(
      runner: ProgramRunner(program), limit: max(8, 200_000_000_000 / max(program.macs, 1)),
      name: "the reference interpreter")
  }

  func native(_ bundle: Built.File, _ program: Program) throws -> NativeRunner {
    try NativeRunner(bundle.bytes, program: program, threads: request.threads)
  }

  /// Code for this machine alone; nil where there is no such target.
  private func hostBundle(of program: Program, _ golden: Golden?) throws -> Built.File? {
    guard let target = try Targets.builtIn().all.first(where: { $0.architecture == Machine.architecture }) else {
      return nil
    }
    let code = try Lowered(program, for: [target], memory: nil).code(for: target.architecture)
    return Built.File(
      architecture: target.architecture,
      bytes: try code.bundle(
        of: program, by: try Toolchain.find(in: request.toolchain),
        golden: try golden ?? Golden(of: program, seeds: [], ranges: [:])))
  }
}
