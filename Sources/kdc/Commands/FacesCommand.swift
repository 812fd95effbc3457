import ArgumentParser
import KDCDiagnostics
import KDCTraining

/// `kdc faces`: labelled samples that need no photograph.
struct FacesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "faces",
    abstract: "Draw faces as labelled samples: images, successive frames, box, emotion, user, presence.",
    discussion: """
      The file holds image [n,1,48,48], frames [n,4,24,24], label:box [n,4], label:emotion and label:user [n], and \
      label:present [n,1]. Sample i depends only on the seed and i: it is the same on every machine and for any number of \
      samples.

      EXAMPLES
        kdc faces --samples 30000 --seed 100 -o train.npz
        kdc faces --samples 2000 --seed 101 -o eval.npz
      """)

  @Option(help: "Number of samples.") var samples = 1000

  @Option(help: "Seed of everything random.") var seed: UInt64 = 0

  @Option(name: .shortAndLong, help: "The npz file to write.") var output: String

  @OptionGroup var machine: ThreadOptions

  @Flag(help: "Print no message.") var quiet = false

  func validate() throws {
    guard (1...1_000_000).contains(samples) else { throw ValidationError("--samples must be 1 to 1000000") }
  }

  mutating func run() throws {
    var files = FileUse()
    files.write("-o", output)
    try files.check()
    try NumpyFile.write(FaceSamples.draw(samples, seed: seed, threads: try machine.threads), to: output)
    if !quiet { Console.note("\(samples) drawn faces in \(output)") }
  }
}
