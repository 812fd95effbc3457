import ArgumentParser
import KDCBundle
import KDCDiagnostics
import KDCTargets

/// `kdc verify BUNDLE`: checksums and golden vectors.
struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a bundle's structure, checksums and golden vectors.",
    discussion: """
      The reference interpreter runs the program that the bundle carries and its outputs must equal the golden vectors \
      byte for byte. Where the bundle is for this machine it is run as well; with --simulate under qemu-aarch64, too, \
      if that is installed. Exit code 4 where a check fails.

      EXAMPLES
        kdc verify model.kdb
        kdc verify model.kdb --simulate pi4b --simulate pi5
      """)

  @Argument(help: "A bundle.")
  var bundle: String

  @Option(help: ArgumentHelp("Also emulate this target's core; may be repeated.", valueName: "target"))
  var simulate: [String] = []

  @Option(help: "Threads for the interpreter.")
  var threads = 1

  @Option(help: ArgumentHelp("Write the checks as JSON to this file, or - for standard output.", valueName: "file"))
  var json: String?

  @Flag(help: "Print nothing but faults.")
  var quiet = false

  func validate() throws {
    if threads < 1 { throw ValidationError("--threads needs a positive number.") }
  }

  mutating func run() async throws {
    let targets = try Targets.builtIn().find(simulate)
    let verification: Verification
    do {
      verification = try Verification(of: Bundle(contentsOf: bundle), simulate: targets, threads: threads)
    } catch let fault as Diagnostic where [.damagedBundle, .invalidProgram].contains(fault.id) {
      throw CommandFailure(status: .verificationFailed, message: fault.description)
    }
    if let json { try Console.json(verification.checks, to: json) }
    if !quiet && json != "-" {
      for check in verification.checks {
        Console.result("\(check.skipped ? "skipped" : check.passed ? "ok" : "FAILED")  \(check.name): \(check.detail)")
      }
    }
    if let failure = verification.failure {
      throw CommandFailure(status: .verificationFailed, message: failure.description)
    }
  }
}
