import Glibc

/// Whole files as bytes, and output files that appear whole or not at all.
package enum Files {
  /// The bytes of a regular file. Throws `fileNotFound` where it is missing, a folder, a pipe or device, unreadable or over
  /// `limit` bytes.
  package static func read(_ path: String, limit: Int = 1 << 36) throws(Diagnostic) -> [UInt8] {
    let (descriptor, size) = try openForReading(path)
    defer { close(descriptor) }
    guard size <= limit else { throw unreadable(path, reason: "\(size) bytes are more than the \(limit) allowed") }
    var failure: String?
    // A file can change while it is read: the loop ends at what was promised or at its end, whichever comes first.
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = 0
      while count < size, let base = buffer.baseAddress {
        let got = Glibc.read(descriptor, base + count, min(size - count, 1 << 30))
        if got < 0 && errno == EINTR { continue }
        if got < 0 { failure = lastError() }
        guard got > 0 else { return }
        count += got
      }
    }
    if let failure { throw unreadable(path, reason: failure) }
    return bytes
  }

  /// A regular file's descriptor, to be closed by the caller, and its size. Throws `fileNotFound`; a pipe without a writer
  /// is refused rather than waited for.
  package static func openForReading(_ path: String) throws(Diagnostic) -> (descriptor: Int32, size: Int) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw unreadable(path, reason: lastError()) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw unreadable(path, reason: isFolder ? "it is a folder" : "it is a pipe or a device, not a file")
    }
    return (descriptor, Int(status.st_size))
  }

  /// Writes an output. A regular file, even behind links, is replaced as a whole: a temporary file in its folder is synced
  /// and renamed, and on failure nothing is left. Pipes and devices are written to, and "-" is standard output.
  /// Permissions of files are 0666 (0777 where `executable`) less the umask. Throws `outputNotWritable`.
  package static func write(_ bytes: some Sequence<[UInt8]>, to path: String, executable: Bool = false)
    throws(Diagnostic)
  {
    switch try OutputPlace(path).kind {
    case .descriptor(let descriptor):
      for chunk in bytes {
        if let failure = write(chunk, to: descriptor) { throw unwritable(path, reason: failure) }
      }
    case .stream:
      let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY)
      guard descriptor >= 0 else { throw unwritable(path, reason: lastError()) }
      var failure: String?
      for chunk in bytes where failure == nil { failure = write(chunk, to: descriptor) }
      if close(descriptor) != 0 && failure == nil { failure = lastError() }
      if let failure { throw unwritable(path, reason: failure) }
    case .file(let real): try replace(real, by: bytes, named: path, executable: executable)
    }
  }

  /// Writes one piece. See `write(_:to:executable:)`.
  package static func write(_ bytes: [UInt8], to path: String, executable: Bool = false) throws(Diagnostic) {
    try write(CollectionOfOne(bytes), to: path, executable: executable)
  }

  /// Whether `write` could make `path` now, to be asked before minutes of work. Throws `outputNotWritable`.
  package static func checkWritable(_ path: String) throws(Diagnostic) {
    switch try OutputPlace(path).kind {
    case .descriptor(let descriptor):
      let flags = fcntl(descriptor, F_GETFL)
      guard flags >= 0, flags & O_ACCMODE != O_RDONLY else {
        throw unwritable(path, reason: "it is not open for writing")
      }
    case .stream:
      guard access(path, W_OK) == 0 else { throw unwritable(path, reason: lastError()) }
    case .file(let real):
      let (temporary, descriptor) = try makeTemporary(beside: real, named: path, executable: false)
      close(descriptor)
      remove(temporary)
    }
  }

  private static func replace(
    _ real: String, by bytes: some Sequence<[UInt8]>, named path: String, executable: Bool
  ) throws(Diagnostic) {
    let (temporary, descriptor) = try makeTemporary(beside: real, named: path, executable: executable)
    var failure: String?
    for chunk in bytes where failure == nil { failure = write(chunk, to: descriptor) }
    if failure == nil && fsync(descriptor) != 0 { failure = lastError() }
    if close(descriptor) != 0 && failure == nil { failure = lastError() }
    if failure == nil && rename(temporary, real) != 0 { failure = lastError() }
    guard let failure else { return Leftovers.release(temporary) }
    remove(temporary)
    throw unwritable(path, reason: failure)
  }

  /// An empty file of its own in the folder of `real`, open for writing. Its name is random: another process, or one that
  /// was killed, can have taken none that depends on the process alone.
  private static func makeTemporary(
    beside real: String, named path: String, executable: Bool
  ) throws(Diagnostic) -> (path: String, descriptor: Int32) {
    let folder = real[..<(real.lastIndex(of: "/").map(real.index(after:)) ?? real.startIndex)]
    for _ in 0..<100 {
      let temporary = folder + ".kdc-" + String(UInt64.random(in: .min ... .max), radix: 36) + ".partial"
      var descriptor: Int32 = -1
      var code: Int32 = 0
      Leftovers.hold {
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, executable ? 0o777 : 0o666)
        code = errno
        return descriptor >= 0 ? .file(temporary) : nil
      }
      if descriptor >= 0 { return (temporary, descriptor) }
      guard code == EEXIST else { throw unwritable(path, reason: String(cString: strerror(code))) }
    }
    throw unwritable(path, reason: "there is no free name for a temporary file")
  }

  private static func remove(_ temporary: String) {
    unlink(temporary)
    Leftovers.release(temporary)
  }

  /// Writes all of `bytes`; the reason where that fails.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> String? {
    bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count, let base = buffer.baseAddress {
        let got = Glibc.write(descriptor, base + done, min(buffer.count - done, 1 << 30))
        if got < 0 && errno == EINTR { continue }
        guard got > 0 else { return lastError() }
        done += got
      }
      return nil
    }
  }

  private static func lastError() -> String { String(cString: strerror(errno)) }

  private static func unreadable(_ path: String, reason: String) -> Diagnostic {
    Diagnostic(.fileNotFound, "cannot read '\(path)': \(reason)", at: Place(file: path))
  }

  private static func unwritable(_ path: String, reason: String) -> Diagnostic {
    OutputPlace.unwritable(path, reason: reason)
  }
}
