import KDCDiagnostics

/// The layout of generated C that people read: clang-format's, where the machine has that program.
package enum SourceLayout {
  /// The lines of `.clang-format` in the source tree, by which the runtime and the kernels' helpers are laid out too.
  package static let options = [
    "BasedOnStyle: LLVM",
    "ColumnLimit: 120",
    "AllowShortBlocksOnASingleLine: Always",
    "AllowShortCaseLabelsOnASingleLine: true",
    "AllowShortEnumsOnASingleLine: true",
    "AllowShortFunctionsOnASingleLine: All",
    "AllowShortIfStatementsOnASingleLine: WithoutElse",
    "AllowShortLoopsOnASingleLine: true",
    "PenaltyReturnTypeOnItsOwnLine: 1000",
    "SortIncludes: Never",
  ]
  package static var style: String { "{\(options.joined(separator: ", "))}" }

  /// The clang-format that `apply` runs: in `folder`, next to `swift` or on PATH; nil where there is none.
  package static func program(in folder: String? = nil) -> String? {
    (folder.map { ToolSearch(folder: $0) })?.find("clang-format") ?? ToolSearch().find("clang-format")
  }

  /// Lays out `files` of `folder` in place. Throws `toolFailed`.
  package static func apply(_ program: String, to files: [String], in folder: String) throws(Diagnostic) {
    let result = try Subprocess.run(program, ["-i", "--style=\(style)"] + files, in: folder)
    guard result.status == 0 else {
      throw Diagnostic(
        .toolFailed, "'\(program)' exited \(result.status)", at: Place(file: folder),
        notes: [String(result.output.prefix(300))])
    }
  }
}
