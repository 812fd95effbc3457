import Glibc

/// Where an output goes, once links are followed.
package struct OutputPlace: Sendable {
  package enum Kind: Hashable, Sendable {
    /// A regular file, or none yet: its path without links.
    case file(String)
    /// A pipe, a terminal or another device, which is written to as it stands.
    case stream
    /// An open file of this process: "-", /dev/stdout, /dev/fd/3.
    case descriptor(Int32)
  }

  package let kind: Kind
  /// What is there now: device and inode, with which two names of one file agree; nil where there is nothing yet.
  package let identity: FileIdentity?
  /// Whether a regular file is written, in place or by descriptor.
  let holdsFile: Bool
  let isPipe: Bool

  /// Throws `outputNotWritable` where nothing can be written under this name: a folder, a disk, no such folder.
  package init(_ path: String) throws(Diagnostic) {
    let found = path == "-" ? Found.descriptor(1) : try Self.follow(path)
    var status = stat()
    switch found {
    case .descriptor(let descriptor):
      guard fstat(descriptor, &status) == 0 else { throw Self.unwritable(path, code: errno) }
      kind = .descriptor(descriptor)
    case .name(let real):
      guard stat(real, &status) == 0 else {
        guard errno == ENOENT else { throw Self.unwritable(path, code: errno) }
        (kind, identity, holdsFile, isPipe) = (.file(real), nil, true, false)
        return
      }
      kind = status.st_mode & S_IFMT == S_IFREG ? .file(real) : .stream
    }
    identity = FileIdentity(status)
    holdsFile = status.st_mode & S_IFMT == S_IFREG
    isPipe = [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT)
    switch status.st_mode & S_IFMT {
    case S_IFDIR: throw Self.unwritable(path, reason: "it is a folder")
    case S_IFBLK: throw Self.unwritable(path, reason: "it is a disk")
    default: break
    }
  }

  /// What the links of a path lead to.
  private enum Found {
    case descriptor(Int32)
    case name(String)
  }

  /// Follows links by name, so that one whose target is not there yet leads to where it would be.
  private static func follow(_ path: String) throws(Diagnostic) -> Found {
    var path = path
    let named = path
    for _ in 0..<40 {
      let slash = path.lastIndex(of: "/")
      let name = String(path[(slash.map(path.index(after:)) ?? path.startIndex)...])
      let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
      guard !["", ".", ".."].contains(name) else { throw unwritable(named, reason: "it is a folder") }
      guard let real = realPath(folder) else { throw unwritable(named, code: errno) }
      // Links of this folder are open files: by their names they cannot be followed.
      if real == "/proc/\(getpid())/fd", let descriptor = Int32(name) { return .descriptor(descriptor) }
      let whole = real == "/" ? "/" + name : real + "/" + name
      guard let target = linkTarget(whole) else { return .name(whole) }
      path = target.hasPrefix("/") ? target : real + "/" + target
    }
    throw unwritable(named, code: ELOOP)
  }

  static func realPath(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  private static func linkTarget(_ path: String) -> String? {
    var target = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = readlink(path, &target, target.count)
    return length > 0 ? String(decoding: target.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
  }

  static func unwritable(_ path: String, code: Int32) -> Diagnostic {
    unwritable(path, reason: String(cString: strerror(code)))
  }

  static func unwritable(_ path: String, reason: String) -> Diagnostic {
    Diagnostic(
      .outputNotWritable, "cannot write '\(path == "-" ? "standard output" : path)': \(reason)", at: Place(file: path),
      hint: "choose a folder that exists, is writable and has room")
  }
}

/// A file by what it is, whatever its name.
package struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let inode: UInt64

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }

  /// nil where there is no such file.
  package init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }
}
