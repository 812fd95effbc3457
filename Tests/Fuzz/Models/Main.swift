import Foundation

/// fuzz-models --models FOLDER … [--seconds N] [--count N] [--seed N] [--keep FOLDER] [--write]: changed models, from the number
/// of --seed on, through the compiler in this process.
///
/// Prints a line for each fault, and at its end, or where a model ends the process (exit code 3):
/// "done|ended NUMBER ACCEPTED REFUSED why". --write writes the models to the folder of --keep instead.
@main struct FuzzModels {
  static func main() throws {
    var words = CommandLine.arguments.dropFirst()
    var (folders, keep) = ([String](), ".")
    var (seconds, count, first) = (Double.infinity, UInt64.max, UInt64(0))
    var writes = false
    while let word = words.popFirst() {
      switch word {
      case "--models": folders += words.popFirst().map { [$0] } ?? []
      case "--seconds": seconds = words.popFirst().flatMap(Double.init) ?? seconds
      case "--count": count = words.popFirst().flatMap(UInt64.init) ?? count
      case "--seed": first = words.popFirst().flatMap(UInt64.init) ?? first
      case "--keep": keep = words.popFirst() ?? keep
      case "--write": writes = true
      default:
        print("what is '\(word)'?")
        exit(2)
      }
    }
    let corpus = Corpus(folders: folders)
    guard !corpus.models.isEmpty else {
      print("no models in \(folders)")
      exit(2)
    }
    var mutator = Mutator(corpus)
    let trial = try Trial()
    let start = Date()
    var (accepted, refused, number) = (0, 0, first)
    func keepModel(_ bytes: [UInt8]) {
      _ = FileManager.default.createFile(atPath: "\(keep)/\(number).onnx", contents: Data(bytes))
    }
    if !writes { Watch.start() }
    while number - first < count, Date().timeIntervalSince(start) < seconds {
      if writes {
        keepModel(mutator.model(number))
        number += 1
        continue
      }
      Watch.begin(number, accepted: accepted, refused: refused)
      let bytes = mutator.model(number)
      switch trial.run(bytes) {
      case .accepted: accepted += 1
      case .refused: refused += 1
      case .fault(let what):
        keepModel(bytes)
        print("\(number): \(what.prefix(600))")
      }
      if Watch.peakMegabytes > Watch.megabytes {
        keepModel(bytes)
        print("ended \(number) \(accepted) \(refused) \(Watch.peakMegabytes) MB")
        exit(Watch.ended)
      }
      number += 1
    }
    Watch.stop()
    print("done \(number) \(accepted) \(refused)")
  }
}
