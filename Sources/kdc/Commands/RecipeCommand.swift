import ArgumentParser
import Foundation
import KDCBundle
import KDCDiagnostics
import KDCModels
import KDCTargets
import KDCTensor
import KDCTraining

/// `kdc recipe`: a published experiment from its folder.
struct RecipeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recipe",
    abstract: "Run a recipe, a published experiment as kdc commands, and print the table of its results.",
    discussion: """
      The folder holds recipe.yaml, with the models it names next to it. Everything is written to the output folder; a step \
      whose command has already run there is skipped, so an interrupted recipe resumes where it stopped.

      EXAMPLES
        kdc recipe bundles/mutual-information --smoke -o out
        kdc recipe bundles/mutual-information --set data=fashion -o out
        kdc recipe bundles/overview --check
      """)

  @Argument(help: "The recipe's folder.") var folder: String

  @Flag(help: "Run the small size, which takes less than a minute.") var smoke = false

  @Flag(help: "Only check the recipe, and run nothing.") var check = false

  @Option(name: .shortAndLong, help: "The folder to work in. Default: one with the recipe's name.") var output: String?

  @Option(name: .customLong("set"), help: "Set a variable of the recipe, as epochs=5; may be repeated.")
  var settings: [String] = []

  @Option(help: "Write the table as JSON to this file.") var json: String?

  @Flag(help: "Print no progress.") var quiet = false

  mutating func run() async throws {
    let path = folder + "/recipe.yaml"
    let own = URL(fileURLWithPath: folder).standardizedFileURL
    var values: [String: String] = [:]
    for setting in settings {
      guard let equals = setting.firstIndex(of: "="), equals > setting.startIndex else {
        throw ValidationError("write --set as name=value, not '\(setting)'")
      }
      let (name, value) = (String(setting[..<equals]), String(setting[setting.index(after: equals)...]))
      // Paths are the caller's, and the steps work elsewhere.
      values[name] = FileManager.default.fileExists(atPath: value) ? URL(fileURLWithPath: value).path : value
    }
    let text = String(decoding: try Files.read(path), as: UTF8.self)
    let recipe = try Recipe(
      text, path: path, places: ["recipe": own.path, "bundles": own.deletingLastPathComponent().path],
      settings: values, isSmoke: smoke)
    let targets = try Targets.builtIn().find(recipe.targets)
    try checkCommands(recipe, path: path)
    guard !check else {
      Console.result("\(path): \(recipe.steps.count) steps")
      return
    }
    try checkFiles(recipe, path: path)
    var files = FileUse()
    files.read("the recipe", path)
    for (_, file) in recipe.files { files.read(samples: file) }
    files.write("--json", json)
    try files.check()
    let work = URL(fileURLWithPath: try output ?? folderName(of: recipe, path: path))
    let table = json.map { URL(fileURLWithPath: $0).path }
    try Files.makeFolder(work.path)
    guard FileManager.default.changeCurrentDirectoryPath(work.path) else {
      throw Diagnostic(.outputNotWritable, "cannot work in '\(work.path)'", at: Place(file: work.path))
    }
    let result = try RecipeTable(try await perform(recipe), targets: targets)
    if let table { try Console.json(result.rows, to: table) }
    try Files.write(Array(result.markdown.utf8), to: "results.md")
    Console.result(result.markdown)
  }

  /// A recipe's words choose no other place than a folder here.
  private func folderName(of recipe: Recipe, path: String) throws(Diagnostic) -> String {
    guard !recipe.name.contains("/"), !["", ".", ".."].contains(recipe.name) else {
      throw Diagnostic(
        .outputOutsideFolder, "the recipe's name '\(recipe.name)' is not that of a folder", at: Place(file: path),
        hint: "say where to work with -o FOLDER")
    }
    return recipe.name
  }

  /// Throws a `DiagnosticList` of `fileNotFound` for samples that are not there, before anything is trained.
  private func checkFiles(_ recipe: Recipe, path: String) throws {
    let faults = recipe.files.filter { !FileManager.default.fileExists(atPath: $0.path) }.map { file in
      Diagnostic(
        .fileNotFound, "the recipe's '\(file.name)' is not there: '\(file.path)'", at: Place(file: path),
        notes: recipe.data.map { [$0] } ?? [], hint: "--set \(file.name)=FILE names another")
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
  }

  /// Throws a `DiagnosticList` of `invalidDescription` for every command that kdc would not take.
  private func checkCommands(_ recipe: Recipe, path: String) throws {
    var faults: [Diagnostic] = []
    for step in recipe.steps {
      guard case .run(let arguments) = step.action else { continue }
      if arguments.contains(where: { $0 == "--toolchain" || $0.hasPrefix("--toolchain=") }) {
        faults.append(
          Diagnostic(
            .invalidDescription, "a recipe does not choose the programs that are run: --toolchain",
            at: Place(file: path, detail: "line \(step.line)")))
      }
      do {
        _ = try KDC.parseAsRoot(arguments)
      } catch {
        let message = KDC.message(for: error)
        let fault = Diagnostic(
          .invalidDescription, "kdc does not take '\(arguments.joined(separator: " "))': \(message)",
          at: Place(file: path, detail: "line \(step.line)"))
        if !faults.contains(where: { $0.place == fault.place }) { faults.append(fault) }
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
  }

  /// Runs the steps; what is measured comes back.
  private func perform(_ recipe: Recipe) async throws -> [RecipeTable.Entry] {
    let progress = Progress(quiet ? .quiet : .normal)
    var entries: [RecipeTable.Entry] = []
    for (index, step) in recipe.steps.enumerated() {
      switch step.action {
      case .run(let arguments):
        let marker = ".done-" + Digest.hexadecimal(of: Array(arguments.joined(separator: "\n").utf8)).prefix(16)
        guard !FileManager.default.fileExists(atPath: marker) else { continue }
        progress.line("step \(index + 1)/\(recipe.steps.count): kdc \(arguments.joined(separator: " "))")
        // Recipes come from others: what their steps write stays in the folder.
        try await FileUse.$confinement.withValue(FileManager.default.currentDirectoryPath) {
          try await KDC.perform(arguments)
        }
        try Files.write([], to: String(marker))
      case .measure(let model, let data, let row):
        let limit = recipe.variables["eval_samples"].flatMap { Int($0) } ?? .max
        entries.append(
          try RecipeTable.Entry(row: row, metrics: try measure(model, on: data, limit: limit), model: model))
      }
    }
    return entries
  }

  private func measure(_ model: String, on data: String, limit: Int) throws -> [HeadMetrics] {
    let threads = Threads(ProcessInfo.processInfo.activeProcessorCount)
    let opened = try OpenedModel(path: model, threads: threads)
    let runner = opened.runner
    let set = try Samples.open(
      data, inputs: runner.inputs, outputs: runner.outputs.map(\.name), images: ImageOptions(), threads: threads)
    let some = limit < set.count ? set.selecting(Array(0..<max(1, limit))) : set
    let outputs = try runner.outputs(of: some, threads: threads)
    return opened.heads(labels: some.labels).map { HeadMetrics($0, outputs: outputs[$0.name] ?? [], reference: nil) }
  }
}
