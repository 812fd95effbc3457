import ArgumentParser
import Foundation
import KDCDiagnostics
import KDCTargets

/// `kdc targets`: the devices that `--target` can name.
struct TargetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "targets", abstract: "List the devices that kdc compiles for.",
    discussion: """
      A target is described by a short YAML file; `--target` also takes the path of one of your own.

      EXAMPLES
        kdc targets
        kdc targets --targets-dir my-boards --json -
      """)

  @Option(
    help: ArgumentHelp("Read the *.yaml files of this folder instead of the built-in targets.", valueName: "folder"))
  var targetsDir: String?

  @Option(help: ArgumentHelp("Write the targets as JSON to this file; - prints them alone.", valueName: "file"))
  var json: String?

  func run() throws {
    var files = FileUse()
    if let targetsDir { files.read("a target") { (try? Targets.files(in: targetsDir)) ?? [] } }
    files.write("--json", json)
    try files.check()
    let targets = try targetsDir.map(Targets.inFolder) ?? Targets.builtIn()
    if let json { return try Console.json(["targets": targets.all], to: json) }
    Console.result(Self.table(of: targets.all))
  }

  static func table(of targets: [Target]) -> String {
    let rows =
      [["NAME", "CPU", "CORES", "GHZ", "FEATURES", "DEVICE"]]
      + targets.map {
        [$0.name, $0.cpu, String($0.cores), String($0.gigahertz), $0.features.joined(separator: ","), $0.title]
      }
    return TextTable.aligned(rows) { _ in false }.joined(separator: "\n")
  }
}
