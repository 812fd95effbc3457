import KDCTensor

/// Two 4-bit numbers a byte: element 2i in the low half of byte i, element 2i + 1 in the high half, two's complement;
/// a last half without an element is 0.
package enum Int4 {
  package static let range: ClosedRange<Int8> = -8...7

  /// Whether every value can be stored in 4 bits.
  package static func fits(_ values: [Int8]) -> Bool { values.allSatisfy(range.contains) }

  /// Bytes of `count` elements.
  package static func byteCount(_ count: Int) -> Int { count / 2 + count % 2 }

  /// Values outside `range` lose their upper bits.
  package static func pack(_ values: [Int8]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount(values.count))
    for (index, value) in values.enumerated() {
      bytes[index / 2] |= (UInt8(bitPattern: value) & 15) << (index % 2 * 4)
    }
    return bytes
  }

  /// nil where `bytes` are not exactly those of `count` elements.
  package static func unpack(_ bytes: [UInt8], count: Int) -> [Int8]? {
    guard bytes.count == byteCount(count) else { return nil }
    return (0..<count).map { Int8(bitPattern: bytes[$0 / 2] << ($0 % 2 == 0 ? 4 : 0)) >> 4 }
  }
}
