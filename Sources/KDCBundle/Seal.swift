import Crypto
import KDCDiagnostics

/// The seal of a bundle: how long the file is, where its container lies, and the SHA-256 of every byte. Nothing of a file is
/// believed or run before it was compared with its seal. `seal.h` of the runtime is the same for devices.
///
/// It is the content of an ELF note (owner "KDC", type 1) within the first 4096 bytes of the file, found by the program headers,
/// 168 bytes, little-endian: "KDCSEAL1", u32 version 1, u32 kind of signature, u64 bytes of the file, u64 offset and u64 bytes of
/// the container, 32 bytes digest, 32 bytes key, 64 bytes signature. The digest takes itself, key and signature as zeros.
package struct Seal: Sendable, Hashable {
  package static let version = 1
  private static let headBytes = 4096
  private static let byteCount = 168
  private static let magic = Array("KDCSEAL1".utf8)
  /// Within the seal: what the digest does not cover begins here, key and signature here.
  private static let digestOffset = 40
  private static let keyOffset = 72

  /// Where the container lies in the file.
  package let container: Range<Int>
  /// Where the seal itself lies.
  private let place: Int

  /// Reads the seal of `file` and compares every byte with it. Throws `notABundle`, `bundleCutShort`, `bundleAltered` or
  /// `unsupportedBundle`.
  package init(checking file: [UInt8]) throws(Diagnostic) {
    let place = try Self.place(in: file)
    self.place = place
    func field(_ offset: Int, _ size: Int) -> Int { Self.integer(file, place + offset, size) ?? Int.max }
    guard field(8, 4) == Self.version else {
      throw Diagnostic(
        .unsupportedBundle, "the bundle's seal has version \(field(8, 4))",
        notes: ["this kdc reads version \(Self.version)"], hint: "use the kdc that made it, or compile again")
    }
    let size = field(16, 8)
    guard file.count >= size else {
      throw Self.cutShort("the bundle has \(size) bytes, the file \(file.count)")
    }
    let isUnsigned = field(12, 4) == 0
    guard file.count == size else { throw Self.altered("\(file.count - size) bytes follow its end") }
    guard !isUnsigned || file[(place + Self.keyOffset)..<(place + Self.byteCount)].allSatisfy({ $0 == 0 }) else {
      throw Self.altered("it has a signature that it does not speak of")
    }
    let digest = place + Self.digestOffset
    guard Self.digest(of: file, place: place).elementsEqual(file[digest..<(digest + SHA256.byteCount)]) else {
      throw Self.altered("its bytes do not match the digest that it was sealed with")
    }
    let start = field(24, 8)
    guard start <= size, field(32, 8) <= size - start else { throw Self.altered("its container lies outside of it") }
    container = start..<(start + field(32, 8))
  }

  /// Fills in the seal that the runtime has left room for. Throws `InternalError` where there is none.
  package static func seal(_ file: inout [UInt8], container: Range<Int>) throws {
    guard let place = try? place(in: file) else { throw InternalError("the linked bundle has no room for its seal") }
    func set(_ offset: Int, _ bytes: some Sequence<UInt8>) {
      for (index, byte) in bytes.enumerated() { file[place + offset + index] = byte }
    }
    for (offset, value) in [(16, file.count), (24, container.lowerBound), (32, container.count)] {
      withUnsafeBytes(of: UInt64(value).littleEndian) { set(offset, Array($0)) }
    }
    set(digestOffset, [UInt8](repeating: 0, count: byteCount - digestOffset))
    set(digestOffset, Array(digest(of: file, place: place)))
  }

  private static func digest(of file: [UInt8], place: Int) -> SHA256.Digest {
    var hash = SHA256()
    file.withUnsafeBytes { bytes in
      hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[..<(place + digestOffset)]))
      hash.update(data: [UInt8](repeating: 0, count: byteCount - digestOffset))
      hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[(place + byteCount)...]))
    }
    return hash.finalize()
  }

  /// Where the seal begins.
  private static func place(in file: [UInt8]) throws(Diagnostic) -> Int {
    let head = Array(file.prefix(headBytes))
    let elf: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1]
    guard !head.isEmpty, head.prefix(elf.count).elementsEqual(elf.prefix(head.count)) else {
      throw Diagnostic(.notABundle, "the file is not a 64-bit little-endian ELF file")
    }
    if let place = notes(in: head).first { return place }
    if file.count < headBytes { throw cutShort("the file has \(file.count) bytes") }
    throw Diagnostic(
      .notABundle, "the file is a library or program, but not a sealed bundle",
      hint: "compile bundles of earlier versions of kdc again")
  }

  /// Where the seals among the notes of a file's first bytes begin.
  private static func notes(in head: [UInt8]) -> [Int] {
    guard let table = integer(head, 32, 8), let count = integer(head, 56, 2) else { return [] }
    var found: [Int] = []
    for index in 0..<count {
      let (header, overflow) = table.addingReportingOverflow(index * 56)
      guard !overflow, let kind = integer(head, header, 4), let start = integer(head, header + 8, 8),
        let size = integer(head, header + 32, 8)
      else { return found }
      guard kind == 4, start <= head.count else { continue }
      var at = start
      let end = size < head.count - start ? start + size : head.count
      while end - at >= 12, let name = integer(head, at, 4), let content = integer(head, at + 4, 4) {
        let total = 12 + (name + 3) / 4 * 4 + (content + 3) / 4 * 4
        guard total <= end - at else { break }
        if name == 4, content == byteCount, integer(head, at + 8, 4) == 1,
          head[(at + 12)..<(at + 24)].elementsEqual(Array("KDC\0".utf8) + magic)
        {
          found.append(at + 16)
        }
        at += total
      }
    }
    return found
  }

  /// A little-endian number; nil where it is outside of `bytes` or beyond `Int`.
  private static func integer(_ bytes: [UInt8], _ offset: Int, _ size: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - size else { return nil }
    return Int(exactly: bytes[offset..<(offset + size)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  private static func cutShort(_ what: String) -> Diagnostic {
    Diagnostic(.bundleCutShort, "the bundle is cut short: \(what)", hint: "copy it again, or compile it again")
  }

  private static func altered(_ what: String) -> Diagnostic {
    Diagnostic(.bundleAltered, "the bundle was altered: \(what)", hint: "copy it again, or compile it again")
  }
}
