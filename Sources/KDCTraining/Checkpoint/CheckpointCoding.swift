/// Writes a checkpoint's bytes: little-endian words, texts and arrays with their lengths before them.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func integer(_ value: UInt64) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
  mutating func integer(_ value: Int) { integer(UInt64(bitPattern: Int64(value))) }
  mutating func double(_ value: Double) { integer(value.bitPattern) }

  mutating func doubles(_ values: [Double]) {
    integer(values.count)
    for value in values { double(value) }
  }

  mutating func text(_ value: String) {
    integer(value.utf8.count)
    bytes += Array(value.utf8)
  }

  mutating func arrays(_ values: [[Float]]) {
    integer(values.count)
    for array in values {
      integer(array.count)
      array.withUnsafeBytes { bytes += $0 }
    }
  }
}

/// Reads what `ByteWriter` wrote; zeros where bytes are missing, and then `isAtEnd` is false.
struct ByteReader {
  let bytes: [UInt8]
  private var offset = 0
  private var isShort = false
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { offset == bytes.count && !isShort }

  mutating func integer() -> UInt64 {
    take(8).enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
  }

  mutating func double() -> Double { Double(bitPattern: integer()) }

  mutating func doubles() -> [Double] { (0..<count(of: 8)).map { _ in double() } }

  mutating func text() -> String { String(decoding: take(count(of: 1)), as: UTF8.self) }

  mutating func arrays() -> [[Float]] {
    (0..<count(of: 8)).map { _ in
      let raw = take(4 * count(of: 4))
      return raw.withUnsafeBytes { raw in
        (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
    }
  }

  /// A number of things of at least `size` bytes each; 0 where so many bytes are not left.
  mutating func count(of size: Int) -> Int {
    let value = integer()
    guard value <= UInt64((bytes.count - offset) / size) else {
      isShort = true
      return 0
    }
    return Int(value)
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
    guard count <= bytes.count - offset else {
      isShort = true
      return []
    }
    offset += count
    return bytes[offset - count..<offset]
  }
}
