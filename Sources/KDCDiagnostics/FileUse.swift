/// The files that a command reads and those that it is going to write, compared before its work and again before it writes.
///
/// No output may be the file of an input, under whatever name, nor that of another output.
package struct FileUse: Sendable {
  /// The folder that outputs must lie in; nil: anywhere. For commands that are not the user's own words.
  @TaskLocal package static var confinement: String?

  private var inputs: [(role: String, paths: @Sendable () -> [String])] = []
  private var outputs: [(role: String, path: String)] = []

  package init() {}

  /// - Parameter role: what the files are to the user: "the model".
  package mutating func read(_ role: String, _ paths: @escaping @Sendable () -> [String]) {
    inputs.append((role, paths))
  }

  package mutating func read(_ role: String, _ path: String?) {
    if let path { read(role) { [path] } }
  }

  /// - Parameter role: the option that names it: "-o".
  package mutating func write(_ role: String, _ path: String?) {
    if let path { outputs.append((role, path)) }
  }

  /// Throws `outputIsInput`, `outputsCollide`, `outputOutsideFolder`, `outputNotWritable`; cheap.
  package func check() throws(DiagnosticList) {
    var faults: [Diagnostic] = []
    var places: [(role: String, path: String, place: OutputPlace)] = []
    for (role, path) in outputs {
      do throws(Diagnostic) {
        let place = try OutputPlace(path)
        try Self.confine(place, path)
        try Files.checkWritable(path)
        places.append((role, path, place))
      } catch {
        faults.append(error)
      }
    }
    for (index, output) in places.enumerated() {
      if let other = places[..<index].first(where: { $0.place.collides(with: output.place) }) {
        faults.append(
          Diagnostic(
            .outputsCollide, "\(other.role) and \(output.role) name the same file", at: Place(file: output.path),
            hint: "give each output a file of its own"))
      }
    }
    // What is not there yet is no input.
    let existing = places.filter { $0.place.identity != nil }
    if !existing.isEmpty {
      for (role, paths) in inputs {
        let identities = Set(paths().compactMap { FileIdentity($0) })
        for output in existing where output.place.holdsFile && output.place.identity.map(identities.contains) == true {
          faults.append(
            Diagnostic(
              .outputIsInput, "\(output.role) would overwrite \(role)", at: Place(file: output.path),
              hint: "name another file: files that are read are never overwritten"))
        }
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
  }

  /// Throws `outputOutsideFolder` where `path` does not lie in the folder that outputs are confined to.
  package static func confine(_ path: String) throws(Diagnostic) {
    guard confinement != nil else { return }
    try confine(OutputPlace(path), path)
  }

  private static func confine(_ place: OutputPlace, _ path: String) throws(Diagnostic) {
    guard let confinement, let root = OutputPlace.realPath(confinement) else { return }
    switch place.kind {
    case .descriptor: return
    case .file(let real) where real.hasPrefix(root + "/"): return
    default:
      throw Diagnostic(
        .outputOutsideFolder, "'\(path)' lies outside the folder '\(confinement)'", at: Place(file: path),
        hint: "outputs of a recipe's steps belong into its output folder: name them without '/' and '..'")
    }
  }
}

extension OutputPlace {
  /// Whether writing both would mix or lose one. A device like /dev/null takes what comes.
  fileprivate func collides(with other: OutputPlace) -> Bool {
    switch (kind, other.kind) {
    case (.file(let a), .file(let b)): a == b || (identity != nil && identity == other.identity)
    case (.descriptor(let a), .descriptor(let b)) where a == b: true
    case (.stream, .stream): isPipe && identity == other.identity
    default: identity != nil && identity == other.identity && (holdsFile || isPipe)
    }
  }
}
