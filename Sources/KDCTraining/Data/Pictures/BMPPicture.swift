/// Windows bitmaps without compression: 1, 4 or 8 bits with a palette, 24 bits, and 32 bits, whose fourth byte is not used
/// (Microsoft, "Bitmap Storage").
enum BMPPicture: PictureFormat {
  static let name = "BMP"
  static let endings = [".bmp", ".dib"]

  static func begins(_ file: ByteView) -> Bool { file.starts(with: [0x42, 0x4D]) }

  static func size(_ file: ByteView) throws(ImageFault) -> (width: Int, height: Int) {
    let header = try Header(file)
    return (header.width, header.height)
  }

  static func pixels(_ file: ByteView, _ width: Int, _ height: Int, _ channels: Int) throws(ImageFault) -> [UInt8] {
    let header = try Header(file)
    guard (header.width, header.height) == (width, height) else { throw ImageFault(reason: "the file has changed") }
    // Rows are whole numbers of four bytes.
    let rowBytes = (width * header.bits + 31) / 32 * 4
    return try file.withBytes { (bytes) throws(ImageFault) -> [UInt8] in
      guard header.start <= bytes.count, rowBytes * height <= bytes.count - header.start else {
        throw ImageFault(reason: "its pixels end early")
      }
      var result: [UInt8] = []
      result.reserveCapacity(channels * width * height)
      for y in 0..<height {
        let row = header.start + rowBytes * (header.isUpsideDown ? height - 1 - y : y)
        for x in 0..<width {
          let at = header.bits >= 24 ? row + x * header.bits / 8 : try header.paletteEntry(bytes, row, x)
          let (blue, green, red) = (bytes[at], bytes[at + 1], bytes[at + 2])
          if channels == 1 {
            result.append(Pixels.grey(Int(red), Int(green), Int(blue)))
          } else {
            result += [red, green, blue]
          }
        }
      }
      return result
    }
  }

  private struct Header {
    let width, height, bits, start: Int
    let isUpsideDown: Bool
    private let paletteStart, colours: Int

    init(_ file: ByteView) throws(ImageFault) {
      self = try file.withBytes { (bytes) throws(ImageFault) in try Header(bytes) }
    }

    private init(_ bytes: UnsafeRawBufferPointer) throws(ImageFault) {
      guard bytes.count >= 54 else { throw ImageFault(reason: "its header ends early") }
      func number(_ at: Int) -> Int { Int(bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self).littleEndian) }
      func short(_ at: Int) -> Int { Int(bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self).littleEndian) }
      let signedHeight = Int(Int32(truncatingIfNeeded: number(22)))
      (start, width, height, bits) = (number(10), number(18), abs(signedHeight), short(28))
      isUpsideDown = signedHeight > 0
      let headerBytes = number(14)
      guard headerBytes >= 40, width > 0, width < 1 << 20, height > 0, height < 1 << 20 else {
        throw ImageFault(reason: "its header is damaged, or older than Windows 3")
      }
      guard [1, 4, 8, 24, 32].contains(bits) else { throw ImageFault(reason: "it has \(bits) bits a pixel") }
      // 3: masks that say where the colours are; of 32 bits nearly all files have the usual ones.
      let usualMasks = bytes.count >= 66 && (number(54), number(58), number(62)) == (0xFF0000, 0xFF00, 0xFF)
      guard number(30) == 0 || number(30) == 3 && bits == 32 && usualMasks else {
        throw ImageFault(reason: "it is compressed, or has unusual bits")
      }
      paletteStart = 14 + headerBytes
      let named = number(46)
      colours = bits > 8 ? 0 : named == 0 || named > 1 << bits ? 1 << bits : named
      guard headerBytes < 1 << 16, paletteStart + 4 * colours <= bytes.count else {
        throw ImageFault(reason: "its palette ends early")
      }
    }

    /// Where the colour of pixel `x` of the row at `row` stands.
    func paletteEntry(_ bytes: UnsafeRawBufferPointer, _ row: Int, _ x: Int) throws(ImageFault) -> Int {
      let inByte = 8 / bits
      let index = Int(bytes[row + x / inByte]) >> (8 - bits * (x % inByte + 1)) & (1 << bits - 1)
      guard index < colours else { throw ImageFault(reason: "a pixel is beyond its palette") }
      return paletteStart + 4 * index
    }
  }
}
