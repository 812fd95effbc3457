import Glibc
import KDCDiagnostics

/// The files of a folder that can be samples, in a fixed order; class sub-folders are labels.
struct SampleFolder {
  /// Kinds of files by the ends of their names.
  enum Kind: String, CaseIterable {
    case images = "pictures"
    case tables = "tables"
    case recordings = "recordings"

    init?(_ name: String) {
      let name = name.lowercased()
      if PictureFile.formats.flatMap({ $0.endings }).contains(where: name.hasSuffix) {
        self = .images
      } else if AudioSource.endings.contains(where: name.hasSuffix) {
        self = .recordings
      } else if name.hasSuffix(".csv") {
        self = .tables
      } else {
        return nil
      }
    }
  }

  let kind: Kind
  let files: [String]
  /// Class of each file, where the files lie in sub-folders.
  let labels: [Int64]?
  /// Pictures of kinds that are not read.
  let skipped: [String]
  /// Names of the sub-folders in order of their classes: the number where all names are numbers, else the place in order
  /// of the names' bytes.
  let classes: [String]

  /// Throws `fileNotFound`, `noSamples`, `mixedFolder`.
  init(_ folder: String) throws(Diagnostic) {
    let place = Place(file: folder)
    let entries = try Self.entries(of: folder)
    var found: [(kind: Kind, path: String, label: Int64?)] = []
    var skipped: [String] = []
    func add(_ name: String, in folder: String, label: Int64?) {
      let path = "\(folder)/\(name)"
      if let kind = Kind(name) {
        found.append((kind, path, label))
      } else if Self.isOtherPicture(name) {
        skipped.append(path)
      }
    }
    for name in Self.sorted(entries.files) { add(name, in: folder, label: nil) }
    let classes = Self.sorted(entries.folders)
    // Folders named by numbers are the classes themselves: a class without samples must not move the others.
    let numbers = classes.compactMap { Int64($0) }
    for (index, name) in classes.enumerated() {
      let label = numbers.count == classes.count ? numbers[index] : Int64(index)
      let path = "\(folder)/\(name)"
      for file in Self.sorted(try Self.entries(of: path).files) { add(file, in: path, label: label) }
    }
    self.skipped = skipped
    guard let first = found.first else {
      throw Diagnostic(
        .noSamples, "the folder has no pictures, recordings or CSV files", at: place,
        notes: skipped.isEmpty ? [] : ["pictures of other kinds: " + Self.some(of: skipped)],
        hint: skipped.isEmpty
          ? "put samples into the folder, or into one sub-folder per class" : "convert the pictures to PNG")
    }
    if let other = found.first(where: { $0.kind != first.kind }) {
      throw Diagnostic(
        .mixedFolder,
        "the folder has \(first.kind.rawValue) and \(other.kind.rawValue): '\(first.path)' and '\(other.path)'",
        at: place,
        hint: "give a folder with samples of one kind")
    }
    if let other = found.first(where: { ($0.label == nil) != (first.label == nil) }) {
      throw Diagnostic(
        .mixedFolder, "samples lie in the folder itself and in sub-folders: '\(first.path)' and '\(other.path)'",
        at: place, hint: "sub-folders are classes: put every sample into one, or none")
    }
    kind = first.kind
    files = found.map(\.path)
    labels = first.label == nil ? nil : found.compactMap(\.label)
    self.classes = first.label == nil ? [] : classes
  }

  /// What is to be said of pictures that are not read; nil where there are none.
  var warning: Diagnostic? {
    guard !skipped.isEmpty else { return nil }
    let (count, verb) = skipped.count == 1 ? ("1 picture", "is") : ("\(skipped.count) pictures", "are")
    return Diagnostic(
      .skippedPictures, severity: .warning,
      "\(count) of the folder \(verb) of a kind that is not read: " + Self.some(of: skipped),
      hint: "convert them to PNG, or take them out of the folder")
  }

  private static func some(of paths: [String]) -> String {
    paths.prefix(3).map { "'\($0)'" }.joined(separator: ", ") + (paths.count > 3 ? " and \(paths.count - 3) more" : "")
  }

  private static func isOtherPicture(_ name: String) -> Bool {
    let kinds = [
      "avif", "cr2", "dng", "exr", "gif", "heic", "heif", "jp2", "jxl", "nef", "pbm", "pgm", "ppm", "pnm", "qoi", "svg",
      "tga",
    ]
    return kinds.contains(name.split(separator: ".", omittingEmptySubsequences: false).last?.lowercased() ?? "")
  }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Numbers by value where all names are numbers, else by bytes.
  private static func sorted(_ names: [String]) -> [String] {
    let numbers = names.compactMap { Int($0) }
    guard numbers.count == names.count else { return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
    return zip(numbers, names).sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.1)
  }

  /// Names without hidden ones.
  private static func entries(of folder: String) throws(Diagnostic) -> (files: [String], folders: [String]) {
    guard let stream = opendir(folder) else {
      throw Diagnostic(
        .fileNotFound, "cannot read '\(folder)': \(String(cString: strerror(errno)))", at: Place(file: folder))
    }
    defer { closedir(stream) }
    var (files, folders): ([String], [String]) = ([], [])
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard !name.hasPrefix(".") else { continue }
      if isFolder("\(folder)/\(name)") { folders.append(name) } else { files.append(name) }
    }
    return (files, folders)
  }
}
