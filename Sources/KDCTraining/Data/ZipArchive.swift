import CZlib
import KDCDiagnostics

/// The entries of a zip file by its central directory; stored and deflated entries, zip64 where numpy writes it.
///
/// Source: PKWARE APPNOTE 6.3.10. Every offset and length from the file is checked before use.
struct ZipArchive {
  struct Entry: Sendable {
    let name: String
    let method: Int
    let crc: UInt32
    let storedBytes: Int
    let rawBytes: Int
    let headerOffset: Int
    let isEncrypted: Bool
  }

  let entries: [Entry]
  private let bytes: ByteView

  /// nil where the bytes do not start like a zip file.
  static func looksLikeZip(_ bytes: ByteView) -> Bool { bytes.starts(with: [0x50, 0x4B]) }

  init(_ bytes: ByteView) throws(Diagnostic) {
    self.bytes = bytes
    let reader = bytes
    // The end record is the last 22 bytes, or further up before a comment of at most 65535.
    let lowest = max(0, bytes.count - 22 - 65_535)
    guard
      let end = stride(from: bytes.count - 22, through: lowest, by: -1).first(where: {
        reader.integer(at: $0, bytes: 4) == 0x0605_4B50
      }), var count = reader.integer(at: end + 10, bytes: 2), var offset = reader.integer(at: end + 16, bytes: 4)
    else { throw Self.damaged("it has no zip directory: the file is cut short or no npz") }
    if let record = Self.zip64Record(reader, end: end) {
      count = reader.integer(at: record + 32, bytes: 8) ?? count
      offset = reader.integer(at: record + 48, bytes: 8) ?? offset
    }
    // 46 bytes an entry at least: no count can ask for more than the file holds.
    guard count <= bytes.count / 46 else { throw Self.damaged("its directory claims \(count) entries") }
    var entries: [Entry] = []
    for _ in 0..<count {
      guard let (entry, next) = Self.entry(reader, at: offset) else {
        throw Self.damaged("its directory is damaged at entry \(entries.count + 1) of \(count)")
      }
      entries.append(entry)
      offset = next
    }
    self.entries = entries
    try checkOverlap()
  }

  /// Entries that share bytes are no archive's: with them a small file unpacks to any size.
  private func checkOverlap() throws(Diagnostic) {
    let ranges = entries.map { ($0.headerOffset, $0.headerOffset.addingReportingOverflow($0.storedBytes).partialValue) }
      .sorted { $0.0 < $1.0 }
    for (range, next) in zip(ranges, ranges.dropFirst()) where next.0 < range.1 || next.0 == range.0 {
      throw Self.damaged("its entries overlap")
    }
  }

  /// Bytes that the decompressed entries among `chosen` take together.
  func unpackedBytes(of chosen: [Entry]) -> Int {
    chosen.filter { $0.method == 8 }.reduce(0) { $0.addingReportingOverflow($1.rawBytes).partialValue }
  }

  private static func zip64Record(_ reader: ByteView, end: Int) -> Int? {
    guard reader.integer(at: end - 20, bytes: 4) == 0x0706_4B50,
      let record = reader.integer(at: end - 12, bytes: 8), reader.integer(at: record, bytes: 4) == 0x0606_4B50
    else { return nil }
    return record
  }

  /// The directory entry at `at` and the offset of the next.
  private static func entry(_ reader: ByteView, at: Int) -> (Entry, Int)? {
    guard reader.integer(at: at, bytes: 4) == 0x0201_4B50,
      let flags = reader.integer(at: at + 8, bytes: 2), let method = reader.integer(at: at + 10, bytes: 2),
      let crc = reader.integer(at: at + 16, bytes: 4), var stored = reader.integer(at: at + 20, bytes: 4),
      var raw = reader.integer(at: at + 24, bytes: 4), let nameLength = reader.integer(at: at + 28, bytes: 2),
      let extraLength = reader.integer(at: at + 30, bytes: 2),
      let commentLength = reader.integer(at: at + 32, bytes: 2), var header = reader.integer(at: at + 42, bytes: 4),
      let name = reader.slice(at: at + 46, count: nameLength)?.array
    else { return nil }
    // Extra field 1 holds, in this order, those of the three that are all ones in the entry.
    var extra = at + 46 + nameLength
    let extraEnd = extra + extraLength
    while extra + 4 <= extraEnd, let tag = reader.integer(at: extra, bytes: 2),
      let size = reader.integer(at: extra + 2, bytes: 2)
    {
      if tag == 1 {
        var field = extra + 4
        func next(_ value: inout Int) {
          guard value == 0xFFFF_FFFF, let wide = reader.integer(at: field, bytes: 8) else { return }
          value = wide
          field += 8
        }
        next(&raw)
        next(&stored)
        next(&header)
      }
      extra += 4 + size
    }
    let entry = Entry(
      name: String(decoding: name, as: UTF8.self), method: method, crc: UInt32(truncatingIfNeeded: crc),
      storedBytes: stored, rawBytes: raw, headerOffset: header, isEncrypted: flags & 1 != 0)
    return (entry, extraEnd + commentLength)
  }

  /// The bytes of an entry, checked by its CRC: where they lie in the file if they are stored, else decompressed.
  /// Decompressed entries over `limit` bytes go to a temporary file.
  func contents(of entry: Entry, inMemory limit: Int = 1 << 26) throws(Diagnostic) -> ByteView {
    let reader = bytes
    guard !entry.isEncrypted else { throw Self.damaged("entry '\(entry.name)' is encrypted") }
    // The local header's name and extra field may differ in length from the directory's.
    guard reader.integer(at: entry.headerOffset, bytes: 4) == 0x0403_4B50,
      let nameLength = reader.integer(at: entry.headerOffset + 26, bytes: 2),
      let extraLength = reader.integer(at: entry.headerOffset + 28, bytes: 2),
      let stored = reader.slice(
        at: entry.headerOffset + 30 + nameLength + extraLength, count: entry.storedBytes)
    else { throw Self.damaged("entry '\(entry.name)' lies outside the file") }
    let raw: ByteView
    switch entry.method {
    case 0 where entry.rawBytes == entry.storedBytes: raw = stored
    case 8: raw = try Self.inflate(stored, to: entry, inMemory: limit)
    default: throw Self.damaged("entry '\(entry.name)' uses zip method \(entry.method); stored and deflated are read")
    }
    let crc = raw.withBytes { crc32_z(0, $0.bindMemory(to: UInt8.self).baseAddress, $0.count) }
    guard UInt32(truncatingIfNeeded: crc) == entry.crc else {
      throw Self.damaged("entry '\(entry.name)' does not match its checksum")
    }
    return raw
  }

  private static func inflate(_ stored: ByteView, to entry: Entry, inMemory limit: Int) throws(Diagnostic) -> ByteView {
    // DEFLATE cannot do better than 1032 : 1, so a larger claim is a lie (and would be memory spent on it).
    guard entry.rawBytes / 1032 <= entry.storedBytes else {
      throw damaged("entry '\(entry.name)' claims \(entry.rawBytes) bytes from \(entry.storedBytes)")
    }
    let blob = try Blob.filled(count: entry.rawBytes, inMemory: limit) { output in
      stored.withBytes { inflate($0, to: output) }
    }
    guard let blob else { throw damaged("entry '\(entry.name)' cannot be decompressed") }
    return ByteView(blob)
  }

  /// Whether `input` is one whole DEFLATE stream of exactly `output.count` bytes.
  private static func inflate(_ input: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer) -> Bool {
    var stream = z_stream()
    guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      return false
    }
    defer { inflateEnd(&stream) }
    let source = input.bindMemory(to: UInt8.self).baseAddress
    let target = output.bindMemory(to: UInt8.self).baseAddress
    var (consumed, made) = (0, 0)
    var status = Z_OK
    while status == Z_OK {
      // zlib counts in 32 bits; larger pieces go in turns.
      let give = min(input.count - consumed, 1 << 30)
      let take = min(output.count - made, 1 << 30)
      stream.next_in = UnsafeMutablePointer(mutating: source.map { $0 + consumed })
      stream.avail_in = UInt32(give)
      stream.next_out = target.map { $0 + made }
      stream.avail_out = UInt32(take)
      status = CZlib.inflate(&stream, Z_NO_FLUSH)
      consumed += give - Int(stream.avail_in)
      made += take - Int(stream.avail_out)
    }
    return status == Z_STREAM_END && made == output.count
  }

  private static func damaged(_ reason: String) -> Diagnostic { Diagnostic(.unreadableData, reason) }
}
