import Foundation
import KDCDiagnostics

/// The targets that a name on the command line can mean: those built into kdc, or those of a folder.
package struct Targets: Sendable {
  /// In order of name.
  package let all: [Target]

  package init(_ all: [Target]) { self.all = all.sorted { $0.name < $1.name } }

  /// The descriptions compiled into kdc (`targets/*.yaml` of the source tree).
  package static func builtIn() throws -> Targets {
    Targets(try embeddedTargets.map { try TargetReader.read($0.text, file: "targets/" + $0.file) })
  }

  /// Every `*.yaml` of a folder, in place of the built-in ones.
  package static func inFolder(_ path: String) throws -> Targets {
    guard let files = try? files(in: path) else {
      throw Diagnostic(.fileNotFound, "cannot read the targets folder '\(path)'", at: Place(file: path))
    }
    guard !files.isEmpty else {
      throw Diagnostic(.unknownTarget, "the folder '\(path)' has no *.yaml files", at: Place(file: path))
    }
    return Targets(try files.map { try read(file: $0) })
  }

  /// The descriptions in a folder, in order of name.
  package static func files(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }.sorted()
      .map { folder + "/" + $0 }
  }

  /// The descriptions that names on the command line point to: files, not names of the list.
  package static func files(of names: [String]) -> [String] { names.filter(isFile) }

  private static func isFile(_ name: String) -> Bool {
    name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml")
  }

  /// The target that `name` means: a name of the list, or a path to a description (it has a '/' or ends in ".yaml").
  package func find(_ name: String) throws -> Target {
    if let target = all.first(where: { $0.name == name }) { return target }
    if Self.isFile(name) { return try Self.read(file: name) }
    let names = all.map(\.name)
    throw Diagnostic(
      .unknownTarget, "unknown target '\(name)'", notes: ["known targets: \(names.joined(separator: ", "))"],
      hint: didYouMean(name, names).map { "did you mean '\($0)'?" } ?? "a path to a target's YAML file works too")
  }

  /// The targets of several names, each once, in the order of the first mention; unknown ones reported together.
  package func find(_ names: [String]) throws -> [Target] {
    var found: [Target] = []
    var faults: [Diagnostic] = []
    for name in names {
      do {
        let target = try find(name)
        if !found.contains(where: { $0.name == target.name }) { found.append(target) }
      } catch let fault as Diagnostic {
        faults.append(fault)
      } catch let list as DiagnosticList {
        faults += list.all
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    return found
  }

  /// What a bundle for the targets of `names` holds code for: those targets, each followed by its variants.
  package func compiled(for names: [String]) throws -> [Target] {
    var all: [Target] = []
    for target in try find(names) {
      for each in [target] + (try find(target.variants)) where !all.contains(where: { $0.name == each.name }) {
        guard each.architecture == target.architecture else {
          throw Diagnostic(
            .invalidTarget, "'\(target.name)' has the variant '\(each.name)' of another architecture",
            at: Place(file: "\(target.name).yaml"))
        }
        all.append(each)
      }
    }
    return all
  }

  private static func read(file: String) throws -> Target {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw Diagnostic(.fileNotFound, "cannot read the target description '\(file)'", at: Place(file: file))
    }
    // A description is a few lines; a wrong path should not make the YAML reader work on a gigabyte.
    guard data.count <= 1 << 16, let text = String(data: data, encoding: .utf8) else {
      throw Diagnostic(.invalidTarget, "not a target description: too long or not UTF-8", at: Place(file: file))
    }
    return try TargetReader.read(text, file: file)
  }
}
