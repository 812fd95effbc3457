/// How a stored picture is turned before it is seen: EXIF 2.32, tag 0x0112, 1 to 8.
struct Orientation: Equatable {
  let code: Int

  /// 5 to 8 exchange width and height.
  var swapsSides: Bool { code >= 5 }

  /// That of a JPEG file's EXIF segment; 1, as it is, where there is none or it cannot be read.
  init(ofJPEG file: ByteView) { code = file.withBytes { Self.segment(of: $0).flatMap(Self.code) } ?? 1 }

  init(code: Int) { self.code = (1...8).contains(code) ? code : 1 }

  /// The TIFF part of the first APP1 segment with EXIF.
  private static func segment(of bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    var at = 2
    while at + 4 <= bytes.count, bytes[at] == 0xFF, bytes[at + 1] != 0xDA {
      let end = at + 2 + Int(bytes[at + 2]) << 8 + Int(bytes[at + 3])
      guard end <= bytes.count, end >= at + 4 else { return nil }
      let content = UnsafeRawBufferPointer(rebasing: bytes[at + 4..<end])
      if bytes[at + 1] == 0xE1, content.starts(with: Array("Exif".utf8) + [0, 0]) {
        return UnsafeRawBufferPointer(rebasing: content[6...])
      }
      at = end
    }
    return nil
  }

  private static func code(_ tiff: UnsafeRawBufferPointer) -> Int? {
    guard tiff.count >= 8 else { return nil }
    let isLittle = tiff[0] == UInt8(ascii: "I")
    func number(_ at: Int, _ count: Int) -> Int? {
      guard at >= 0, at <= tiff.count - count else { return nil }
      let bytes = tiff[at..<at + count]
      return (isLittle ? Array(bytes.reversed()) : Array(bytes)).reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(4, 4), let entries = number(directory, 2) else { return nil }
    for entry in 0..<entries {
      let at = directory + 2 + 12 * entry
      guard let tag = number(at, 2) else { return nil }
      if tag == 0x0112 { return number(at + 8, 2).flatMap { (1...8).contains($0) ? $0 : nil } }
    }
    return nil
  }

  /// The pixels, stored in rows of `width`, as they are seen.
  func turned(_ pixels: [UInt8], width: Int, height: Int, channels: Int) -> [UInt8] {
    guard code != 1 else { return pixels }
    let (right, bottom) = (width - 1, height - 1)
    let (columns, rows) = swapsSides ? (height, width) : (width, height)
    var result: [UInt8] = []
    result.reserveCapacity(pixels.count)
    for y in 0..<rows {
      for x in 0..<columns {
        let (column, row) =
          switch code {
          case 2: (right - x, y)
          case 3: (right - x, bottom - y)
          case 4: (x, bottom - y)
          case 5: (y, x)
          case 6: (y, bottom - x)
          case 7: (right - y, bottom - x)
          default: (right - y, x)
          }
        let from = (row * width + column) * channels
        result += pixels[from..<from + channels]
      }
    }
    return result
  }
}
