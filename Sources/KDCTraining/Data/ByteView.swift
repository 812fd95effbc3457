import Foundation
import Glibc
import KDCDiagnostics

/// Bytes that stay at one address for as long as anything refers to them: a mapped file, a mapped temporary file, or a
/// copy in memory. Mapped pages come and go as the system needs memory, so that files may be larger than it.
package final class Blob: @unchecked Sendable {
  // Never written after `init`: safe to read from any thread.
  package let bytes: UnsafeRawBufferPointer
  private let isMapped: Bool

  /// A copy.
  init(_ copied: [UInt8]) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(copied.count, 1), alignment: 16)
    memory.copyBytes(from: copied)
    bytes = UnsafeRawBufferPointer(rebasing: memory[..<copied.count])
    isMapped = false
  }

  /// A file's content. Throws `fileNotFound` where it is missing, a folder or unreadable.
  init(mapping path: String) throws(Diagnostic) {
    func fault(_ reason: String) -> Diagnostic {
      Diagnostic(.fileNotFound, "cannot read '\(path)': \(reason)", at: Place(file: path))
    }
    let (descriptor, size) = try Files.openForReading(path)
    defer { close(descriptor) }
    guard size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      isMapped = false
      return
    }
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
      throw fault(String(cString: strerror(errno)))
    }
    bytes = UnsafeRawBufferPointer(start: address, count: size)
    isMapped = true
  }

  /// `count` bytes that `fill` writes, false where it cannot. Many go to a temporary file that no folder lists, so that
  /// memory is not held by them. Throws `outputNotWritable` where there is no room; nil where `fill` gave up.
  package static func filled(
    count: Int, inMemory limit: Int = 1 << 26, by fill: (UnsafeMutableRawBufferPointer) -> Bool
  ) throws(Diagnostic) -> Blob? {
    guard count > limit else {
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 16)
      let whole = UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
      let blob = Blob(owning: UnsafeRawBufferPointer(whole), isMapped: false)
      return fill(whole) ? blob : nil
    }
    let folder = FileManager.default.temporaryDirectory.path
    let descriptor = Leftovers.namelessFile(in: folder, prefix: "kdc-data")
    func fault(_ code: Int32) -> Diagnostic {
      Diagnostic(
        .outputNotWritable, "cannot unpack \(count) bytes into '\(folder)': \(String(cString: strerror(code)))",
        hint: "set TMPDIR to a folder with room, or save the samples uncompressed (numpy.savez)")
    }
    guard descriptor >= 0 else { throw fault(errno) }
    defer { close(descriptor) }
    // Reserved at once: writing to a mapping of a full disk would be a signal, not an error.
    let status = posix_fallocate(descriptor, 0, off_t(count))
    guard status == 0 else { throw fault(status) }
    guard let address = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), address != MAP_FAILED
    else { throw fault(errno) }
    let whole = UnsafeMutableRawBufferPointer(start: address, count: count)
    let blob = Blob(owning: UnsafeRawBufferPointer(whole), isMapped: true)
    return fill(whole) ? blob : nil
  }

  private init(owning bytes: UnsafeRawBufferPointer, isMapped: Bool) {
    self.bytes = bytes
    self.isMapped = isMapped
  }

  deinit {
    guard let base = bytes.baseAddress else { return }
    if isMapped { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) } else { base.deallocate() }
  }
}

/// A range of a blob, with bounds-checked little-endian reads.
struct ByteView: Sendable {
  let blob: Blob
  let offset: Int
  let count: Int

  init(_ blob: Blob) {
    self.blob = blob
    offset = 0
    count = blob.bytes.count
  }

  init(_ bytes: [UInt8]) { self.init(Blob(bytes)) }

  private init(_ blob: Blob, offset: Int, count: Int) {
    self.blob = blob
    self.offset = offset
    self.count = count
  }

  /// The bytes; valid inside `body` only.
  func withBytes<Result, Fault: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Fault) -> Result
  ) throws(Fault) -> Result {
    defer { withExtendedLifetime(blob) {} }
    return try body(UnsafeRawBufferPointer(rebasing: blob.bytes[offset..<(offset + count)]))
  }

  /// nil where the view does not hold that many.
  func slice(at start: Int, count length: Int) -> ByteView? {
    guard start >= 0, length >= 0, start <= count, length <= count - start else { return nil }
    return ByteView(blob, offset: offset + start, count: length)
  }

  /// An unsigned number of at most 8 bytes; nil outside the view, or over Int.max.
  func integer(at start: Int, bytes length: Int) -> Int? {
    guard let slice = slice(at: start, count: length) else { return nil }
    let value = slice.withBytes { $0.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
    return Int(exactly: value)
  }

  var array: [UInt8] { withBytes { Array($0) } }

  func starts(with prefix: [UInt8]) -> Bool { withBytes { $0.starts(with: prefix) } }
}
