import CZlib
import KDCDiagnostics

/// Collects streams and lays them out as a container. Equal streams give equal bytes.
package struct ContainerWriter {
  private struct Stream {
    var kind: ContainerFormat.Kind
    var index: Int
    var method: ContainerFormat.Method
    var crc: UInt32
    var rawCount: Int
    var stored: [UInt8]
  }
  private var streams: [Stream] = []

  package init() {}

  /// Bytes of all constants as stored, for the manifest.
  package var storedConstantBytes: Int { streams.reduce(0) { $0 + ($1.kind == .constant ? $1.stored.count : 0) } }

  /// Appends a stream, compressed where that makes it smaller.
  package mutating func add(_ kind: ContainerFormat.Kind, _ raw: [UInt8]) throws {
    let packed = try Self.deflate(raw)
    let isSmaller = packed.count < raw.count
    streams.append(
      Stream(
        kind: kind, index: streams.count { $0.kind == kind }, method: isSmaller ? .deflated : .stored,
        crc: crc(of: raw), rawCount: raw.count, stored: isSmaller ? packed : raw))
  }

  /// Throws an `InternalError` where the format's 32 bits are too few.
  package func finish() throws -> [UInt8] {
    var table: [UInt8] = []
    var body: [UInt8] = []
    let start = ContainerFormat.headerBytes + streams.count * ContainerFormat.entryBytes
    for stream in streams {
      table.append(little: stream.kind.rawValue, 2)
      table.append(little: stream.method.rawValue, 2)
      table.append(little: stream.index, 4)
      table.append(little: Int(stream.crc), 4)
      table.append(little: start + body.count, 4)
      table.append(little: stream.stored.count, 4)
      table.append(little: stream.rawCount, 4)
      body += stream.stored
      guard body.count + start <= Int(UInt32.max), stream.rawCount <= Int(UInt32.max) else {
        throw InternalError("a container of more than 4 GiB")
      }
    }
    let alignment = ContainerFormat.alignment
    body += [UInt8](repeating: 0, count: (alignment - (start + body.count) % alignment) % alignment)
    var bytes = ContainerFormat.magic
    bytes.append(little: ContainerFormat.version, 4)
    bytes.append(little: streams.count, 4)
    bytes.append(little: start + body.count, 8)
    bytes.append(little: Int(crc(of: table)), 4)
    bytes.append(little: 0, 4)
    return bytes + table + body
  }

  /// A raw DEFLATE stream at level 9.
  private static func deflate(_ raw: [UInt8]) throws -> [UInt8] {
    guard raw.count < Int(UInt32.max) else { throw InternalError("a stream of \(raw.count) bytes") }
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    guard deflateInit2_(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK else {
      throw InternalError("zlib cannot start")
    }
    defer { deflateEnd(&stream) }
    var result = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(raw.count))))
    let status = raw.withUnsafeBufferPointer { source in
      result.withUnsafeMutableBufferPointer { target in
        stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        stream.avail_in = UInt32(source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(truncatingIfNeeded: target.count)
        return CZlib.deflate(&stream, Z_FINISH)
      }
    }
    guard status == Z_STREAM_END else { throw InternalError("zlib stopped with \(status)") }
    result.removeSubrange(Int(stream.total_out)...)
    return result
  }

  private func crc(of bytes: [UInt8]) -> UInt32 { UInt32(crc32_z(0, bytes, bytes.count)) }
}

extension [UInt8] {
  /// The lowest `count` bytes of a non-negative number, lowest first.
  fileprivate mutating func append(little value: Int, _ count: Int) {
    for byte in 0..<count { append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
  }
}
