import CZlib
import KDCDiagnostics

/// Reads containers, also damaged or made-up ones: every size and offset is checked before it is used.
package struct ContainerReader: Sendable {
  package struct Entry: Sendable, Hashable {
    package let kind: ContainerFormat.Kind
    package let index: Int
    package let method: ContainerFormat.Method
    package let crc: UInt32
    package let offset: Int
    package let storedBytes: Int
    package let rawBytes: Int
  }

  /// All of the container.
  package let bytes: ArraySlice<UInt8>
  package var byteCount: Int { bytes.count }
  package private(set) var entries: [Entry] = []
  /// DEFLATE cannot expand more than this; a larger claim would only cost memory.
  private static let maximumExpansion = 1040

  /// Throws `notABundle`, `unsupportedBundle` or `damagedBundle`.
  package init(_ bytes: ArraySlice<UInt8>) throws(Diagnostic) {
    self.bytes = bytes
    guard bytes.count >= ContainerFormat.headerBytes, bytes.starts(with: ContainerFormat.magic) else {
      throw Diagnostic(.notABundle, "the file has no bundle container")
    }
    let version = integer(8, 4)
    guard version == ContainerFormat.version else {
      throw Diagnostic(
        .unsupportedBundle, "the bundle has format version \(version)",
        notes: ["this kdc reads version \(ContainerFormat.version)"], hint: "use the kdc that made it, or compile again"
      )
    }
    let count = integer(12, 4)
    let total = integer(16, 8)
    guard total <= bytes.count, total >= 0, count <= ContainerFormat.maximumEntries,
      case let streams = ContainerFormat.headerBytes + count * ContainerFormat.entryBytes, streams <= total
    else { throw Self.damaged("its header promises more than it holds") }
    let table = slice(ContainerFormat.headerBytes, count * ContainerFormat.entryBytes)
    guard Self.crc(table) == UInt32(integer(24, 4)) else { throw Self.damaged("the checksum of its table is wrong") }
    for number in 0..<count { entries.append(try entry(number, total: total)) }
  }

  private func entry(_ number: Int, total: Int) throws(Diagnostic) -> Entry {
    let at = ContainerFormat.headerBytes + number * ContainerFormat.entryBytes
    let offset = integer(at + 12, 4)
    let stored = integer(at + 16, 4)
    let raw = integer(at + 20, 4)
    guard let kind = ContainerFormat.Kind(rawValue: integer(at, 2)),
      let method = ContainerFormat.Method(rawValue: integer(at + 2, 2)), offset <= total, stored <= total - offset,
      method == .stored ? raw == stored : raw / Self.maximumExpansion <= stored
    else { throw Self.damaged("entry \(number) of its table is impossible") }
    return Entry(
      kind: kind, index: integer(at + 4, 4), method: method, crc: UInt32(integer(at + 8, 4)), offset: offset,
      storedBytes: stored, rawBytes: raw)
  }

  package func entry(_ kind: ContainerFormat.Kind, _ index: Int = 0) -> Entry? {
    entries.first { $0.kind == kind && $0.index == index }
  }

  /// The raw bytes of a stream, unpacked and compared with their CRC. Throws `damagedBundle`.
  package func contents(of entry: Entry) throws(Diagnostic) -> [UInt8] {
    let stored = slice(entry.offset, entry.storedBytes)
    let name = "stream \(entry.index) of kind '\(entry.kind)'"
    let raw: [UInt8]
    switch entry.method {
    case .stored: raw = Array(stored)
    case .deflated:
      guard let unpacked = Self.inflate(stored, count: entry.rawBytes) else {
        throw Self.damaged("\(name) cannot be unpacked")
      }
      raw = unpacked
    }
    guard Self.crc(raw[...]) == entry.crc else { throw Self.damaged("the checksum of \(name) is wrong") }
    return raw
  }

  package static func damaged(_ what: String) -> Diagnostic {
    Diagnostic(.damagedBundle, "the bundle is damaged: \(what)", hint: "copy it again, or compile it again")
  }

  /// Exactly `count` bytes from a raw DEFLATE stream that ends with `stored`, else nil.
  private static func inflate(_ stored: ArraySlice<UInt8>, count: Int) -> [UInt8]? {
    guard stored.count < Int(UInt32.max), count < Int(UInt32.max) else { return nil }
    var stream = z_stream()
    guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      return nil
    }
    defer { inflateEnd(&stream) }
    // One byte of room beyond `count` shows a stream that goes on.
    var result = [UInt8](repeating: 0, count: count + 1)
    let status = stored.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { target in
        stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        stream.avail_in = UInt32(source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(target.count)
        return CZlib.inflate(&stream, Z_FINISH)
      }
    }
    guard status == Z_STREAM_END, stream.avail_in == 0, Int(stream.total_out) == count else { return nil }
    result.removeLast()
    return result
  }

  private static func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBufferPointer { UInt32(crc32_z(0, $0.baseAddress, $0.count)) }
  }

  /// Within bounds by the callers' checks.
  private func slice(_ offset: Int, _ count: Int) -> ArraySlice<UInt8> {
    bytes[(bytes.startIndex + offset)..<(bytes.startIndex + offset + count)]
  }

  /// A little-endian number; one of eight bytes with the highest bit set gives -1.
  private func integer(_ offset: Int, _ size: Int) -> Int {
    let value = slice(offset, size).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int(exactly: value) ?? -1
  }
}
