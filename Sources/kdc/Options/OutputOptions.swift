import ArgumentParser
import KDCDiagnostics
import KDCGraph
import KDCTraining

/// What outputs mean, where the model does not say.
struct OutputKindOptions: ParsableArguments {
  @Option(
    name: .customLong("output"),
    help: ArgumentHelp(
      "What an output means if the model does not say: \(OutputKindOptions.list); may be repeated.",
      valueName: "name=kind"),
    transform: OutputKindOptions.parse)
  private var given: [Given] = []

  struct Given: Sendable {
    var name: String
    var kind: OutputKind
  }

  var kinds: [String: OutputKind] { Self.kinds(given) }

  static let list = OutputKind.allCases.map(\.rawValue).joined(separator: ", ")

  static func kinds(_ given: [Given]) -> [String: OutputKind] {
    Dictionary(given.map { ($0.name, $0.kind) }, uniquingKeysWith: { $1 })
  }

  @Sendable static func parse(_ text: String) throws -> Given {
    guard let equals = text.lastIndex(of: "="), equals > text.startIndex,
      let kind = OutputKind(rawValue: String(text[text.index(after: equals)...]))
    else { throw ValidationError("write it as name=kind, with one of the kinds \(list)") }
    return Given(name: String(text[..<equals]), kind: kind)
  }
}

/// The file that a command writes, and what outputs mean: `-o model.kdb --output scores=logits`.
struct OutputOptions: ParsableArguments {
  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp(
      "The file to write. As NAME=KIND: what an output means if the model does not say, one of \(OutputKindOptions.list).",
      valueName: "file"))
  private var given: [String]

  func validate() throws {
    guard files.count != 1 else { return }
    throw ValidationError(
      files.isEmpty
        ? "-o names no file to write"
        : "-o names \(files.count) files, '\(files.joined(separator: "', '"))'; kinds of outputs are \(OutputKindOptions.list)"
    )
  }

  var file: String { files.last ?? "" }

  var kinds: [String: OutputKind] { OutputKindOptions.kinds(given.compactMap { try? OutputKindOptions.parse($0) }) }

  private var files: [String] { given.filter { (try? OutputKindOptions.parse($0)) == nil } }
}

extension Graph {
  /// Takes over what the user says about outputs. Throws a `DiagnosticList` of `unknownOutput`.
  mutating func setOutputKinds(_ kinds: [String: OutputKind]) throws {
    var faults: [Diagnostic] = []
    for (name, kind) in kinds.sorted(by: { $0.key < $1.key }) {
      guard outputs.contains(name) else {
        faults.append(
          Diagnostic(
            .unknownOutput, "--output names '\(name)', which is not an output of the model", at: Place(file: file),
            notes: ["the model's outputs: " + outputs.map { "'\($0)'" }.joined(separator: ", ")],
            hint: didYouMean(name, outputs).map { "did you mean '\($0)'?" }))
        continue
      }
      outputKinds[name] = kind
      let isScore = [.logits, .probabilities, .logProbabilities].contains(kind)
      if isScore, !head(name).hasDistribution {
        faults.append(
          Diagnostic(
            .unknownOutput, "'\(name)' \(types[name].map(\.description) ?? "") is not a vector of \(kind.rawValue)",
            at: Place(file: file), hint: "scores of classes are [1, classes]; maps and sequences are regression"))
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
  }
}
