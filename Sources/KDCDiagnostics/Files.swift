import Glibc

/// Whole files as bytes, and output files that appear whole or not at all.
package enum Files {
  /// The bytes of a regular file. Throws `fileNotFound` where it is missing, a folder, unreadable or over `limit` bytes.
  package static func read(_ path: String, limit: Int = 1 << 36) throws(Diagnostic) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path, reason: lastError()) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw unreadable(path, reason: lastError()) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw unreadable(path, reason: "it is a folder") }
    let size = Int(status.st_size)
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

  /// Writes a temporary file in the same folder, syncs it and renames it to `path`; on failure nothing is left.
  /// Permissions are 0666 (0777 where `executable`) less the umask. Throws `outputNotWritable`.
  package static func write(_ bytes: some Sequence<[UInt8]>, to path: String, executable: Bool = false)
    throws(Diagnostic)
  {
    let temporary = path + ".\(getpid()).partial"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, executable ? 0o777 : 0o666)
    guard descriptor >= 0 else { throw unwritable(path, reason: lastError()) }
    var failure: String?
    for chunk in bytes where failure == nil { failure = write(chunk, to: descriptor) }
    if failure == nil && fsync(descriptor) != 0 { failure = lastError() }
    if close(descriptor) != 0 && failure == nil { failure = lastError() }
    if failure == nil && rename(temporary, path) != 0 { failure = lastError() }
    guard let failure else { return }
    unlink(temporary)
    throw unwritable(path, reason: failure)
  }

  /// Whether `write` could make `path` now, to be asked before minutes of work. Throws `outputNotWritable`.
  package static func checkWritable(_ path: String) throws(Diagnostic) {
    var status = stat()
    guard stat(path, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR else {
      throw unwritable(path, reason: "it is a folder")
    }
    let temporary = path + ".\(getpid()).partial"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw unwritable(path, reason: lastError()) }
    close(descriptor)
    unlink(temporary)
  }

  /// Writes one piece. See `write(_:to:executable:)`.
  package static func write(_ bytes: [UInt8], to path: String, executable: Bool = false) throws(Diagnostic) {
    try write(CollectionOfOne(bytes), to: path, executable: executable)
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
    Diagnostic(
      .outputNotWritable, "cannot write '\(path)': \(reason)", at: Place(file: path),
      hint: "choose a folder that exists, is writable and has room")
  }
}
