import Foundation

/// The files of this package, for tests about the source text itself.
enum SourceTree {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Text of a file at a path relative to the package.
  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// Relative paths of all files under `folder` with one of the extensions, sorted.
  static func files(under folder: String, extensions: Set<String> = ["swift"]) -> [String] {
    let base = root.appendingPathComponent(folder)
    let paths = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
    return paths.filter { extensions.contains(($0 as NSString).pathExtension) }.map { folder + "/" + $0 }.sorted()
  }

  /// Names of the modules imported by a Swift file.
  static func imports(of path: String) throws -> [String] {
    try text(path).matches(
      of: /(?m)^(?:@\w+ |package |public |private |internal )*import (?:struct |class |enum |func )?(\w+)/
    )
    .map { String($0.1) }
  }
}

/// One entry of the list `modules` in Package.swift.
struct ModuleRule {
  var name: String
  var imports: [String]

  static func all() throws -> [ModuleRule] {
    let manifest = try SourceTree.text("Package.swift")
    guard let list = manifest.firstMatch(of: /(?s)let modules: .*?= \[\n(.*?)\n\]\n/)?.1 else { return [] }
    return list.matches(of: /(?s)\(\s*"(\w+)",\s*\[(.*?)\]\s*\)/).map { entry in
      ModuleRule(
        name: String(entry.1), imports: entry.2.matches(of: /(?:^|[\[\s,(])(?:name: )?"(\w+)"/).map { String($0.1) })
    }
  }
}
