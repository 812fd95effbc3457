import ArgumentParser
import KDCBundle
import KDCDiagnostics
import KDCTargets

/// `kdc bench BUNDLE`: warm inferences timed on this machine.
struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time a bundle on this machine.",
    discussion: """
      Runs the bundle's own benchmark (`model.kdb --bench`). A bundle for another processor is refused, because the times of \
      an emulator say nothing about the device: copy it there and run `./model.kdb --bench`.

      EXAMPLE
        kdc bench model.kdb --threads 2 --runs 100 --per-layer
      """)

  @Argument(help: "A bundle.")
  var bundle: String

  @Option(help: "Number of threads.")
  var threads = 1

  @Option(help: "Number of inferences to time.")
  var runs = 20

  @Flag(help: "Also print the time of each step.")
  var perLayer = false

  func validate() throws {
    if threads < 1 || runs < 1 { throw ValidationError("--threads and --runs need positive numbers.") }
  }

  mutating func run() async throws {
    let file = try Bundle(contentsOf: bundle)
    guard file.manifest.architecture == Machine.architecture?.rawValue else {
      throw Diagnostic(
        .cannotRunHere, "the bundle's code is for \(file.manifest.architecture)", at: Place(file: bundle),
        notes: ["an emulator's times say nothing about the device"],
        hint: "copy it to the device and run it with --bench, or compile with --target host")
    }
    let arguments = ["--bench", "--threads", "\(threads)", "--runs", "\(runs)"] + (perLayer ? ["--per-layer"] : [])
    let result = try Machine.run(file, arguments, under: [])
    guard result.status == 0 else {
      throw Diagnostic(.cannotRunHere, "the benchmark failed", at: Place(file: bundle), notes: [result.output])
    }
    Console.result(result.output.hasSuffix("\n") ? String(result.output.dropLast()) : result.output)
  }
}
