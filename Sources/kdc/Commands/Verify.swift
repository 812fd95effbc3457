import ArgumentParser
import KDCBundle
import KDCDiagnostics
import KDCTargets

/// `kdc verify BUNDLE`: digest, structure, manifest and golden vectors.
struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a bundle's digest, structure, manifest and golden vectors.",
    discussion: """
      Every byte of the file must match the digest it was sealed with, and the bundle must hold what its manifest states. \
      The reference interpreter runs the program that the bundle carries; its outputs must equal the golden vectors byte for \
      byte. Nothing in the file is executed, whatever processor it is for, unless you ask for it: --execute runs its machine \
      code on this machine and --simulate under qemu-aarch64 if that is installed, each in a separate process with limits \
      on time and memory. --rebuild compiles the program again and compares every byte. The exit code is 4 if a check fails.

      EXAMPLES
        kdc verify model.kdb
        kdc verify model.kdb --execute
        kdc verify model.kdb --simulate pi4b --simulate pi5
        kdc verify model.kdb --rebuild
      """)

  @Argument(help: "A bundle.")
  var bundle: String

  @Flag(help: "Also run the bundle's machine code on this machine.")
  var execute = false

  @Flag(help: "Also compile the program again with the same tools and compare every byte.")
  var rebuild = false

  @Option(
    help: ArgumentHelp(
      "Also run the machine code on an emulated core of this target; may be repeated.", valueName: "target"))
  var simulate: [String] = []

  @Option(help: ArgumentHelp("Time limit for each run of machine code.", valueName: "seconds"))
  var timeLimit = 600.0

  @Option(help: "Number of threads for the interpreter.")
  var threads = 1

  @Option(help: ArgumentHelp("Write the checks as JSON to this file; - prints them alone.", valueName: "file"))
  var json: String?

  @Flag(help: "Print faults only.")
  var quiet = false

  func validate() throws {
    if threads < 1 { throw ValidationError("--threads needs a positive number.") }
    if !(timeLimit > 0 && timeLimit < 1e6) { throw ValidationError("--time-limit needs a positive number of seconds.") }
  }

  mutating func run() async throws {
    var files = FileUse()
    files.read(model: bundle, as: "the bundle")
    for target in Targets.files(of: simulate) { files.read("a target", target) }
    files.write("--json", json)
    try files.check()
    let targets = try Targets.builtIn().find(simulate)
    var verification: Verification
    do {
      let execution = Verification.Execution(isNative: execute, simulated: targets, seconds: timeLimit)
      let file = try Bundle(contentsOf: bundle)
      verification = try Verification(of: file, execution: execution, threads: threads)
      if rebuild && verification.passed { try verification.rebuild(file) }
    } catch let fault as Diagnostic
      where [.damagedBundle, .invalidProgram, .bundleCutShort, .bundleAltered].contains(fault.id)
    {
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
