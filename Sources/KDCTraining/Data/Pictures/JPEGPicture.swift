import CTurboJPEG

/// libjpeg-turbo. Cameras store pixels as the sensor has them, and in EXIF how they are to be turned.
enum JPEGPicture: PictureFormat {
  static let name = "JPEG"
  static let endings = [".jpg", ".jpeg", ".jfif"]

  static func begins(_ file: ByteView) -> Bool { file.starts(with: [0xFF, 0xD8]) }

  /// Scans that encoders make; each goes over the whole image, however few bytes it has. Small images may have more.
  private static let usualScans = 20
  private static let mostScans = 100

  static func size(_ file: ByteView) throws(ImageFault) -> (width: Int, height: Int) {
    let decoder = try Decoder()
    defer { decoder.close() }
    let header = try decoder.header(file)
    return Orientation(ofJPEG: file).swapsSides ? (header.height, header.width) : (header.width, header.height)
  }

  static func pixels(_ file: ByteView, _ width: Int, _ height: Int, _ channels: Int) throws(ImageFault) -> [UInt8] {
    let decoder = try Decoder()
    defer { decoder.close() }
    let header = try decoder.header(file)
    let orientation = Orientation(ofJPEG: file)
    guard (header.width, header.height) == (orientation.swapsSides ? (height, width) : (width, height)) else {
      throw ImageFault(reason: "the file has changed")
    }
    let scans = file.withBytes(scanCount)
    guard scans <= usualScans || scans <= mostScans && scans * width * height <= 1 << 29 else {
      throw ImageFault(reason: "it has \(scans) scans of \(width)x\(height) pixels, more than any encoder makes")
    }
    let stored =
      header.isCMYK
      ? converted(try decoder.pixels(file, header.width, header.height, TJPF_CMYK, 4), channels: channels)
      : try decoder.pixels(file, header.width, header.height, channels == 1 ? TJPF_GRAY : TJPF_RGB, channels)
    return orientation.turned(stored, width: header.width, height: header.height, channels: channels)
  }

  /// Inks to light, as Pillow has it: files hold 255 less the ink, whatever their markers say.
  private static func converted(_ cmyk: [UInt8], channels: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(cmyk.count / 4 * channels)
    for start in stride(from: 0, to: cmyk.count, by: 4) {
      let light = Int(cmyk[start + 3])
      func channel(_ index: Int) -> Int {
        let product = (255 - Int(cmyk[start + index])) * light + 128
        return max(0, light - (product + product >> 8) >> 8)
      }
      let (red, green, blue) = (channel(0), channel(1), channel(2))
      if channels == 1 {
        result.append(Pixels.grey(red, green, blue))
      } else {
        result += [UInt8(red), UInt8(green), UInt8(blue)]
      }
    }
    return result
  }

  /// Scans by their markers; those of a thumbnail inside a segment are not counted.
  private static func scanCount(_ bytes: UnsafeRawBufferPointer) -> Int {
    var (at, scans) = (2, 0)
    while at + 3 < bytes.count {
      guard bytes[at] == 0xFF, bytes[at + 1] != 0, bytes[at + 1] != 0xFF else {
        at += 1
        continue
      }
      let marker = bytes[at + 1]
      if marker == 0xDA { scans += 1 }
      // Restart marks and the ends have no length.
      at += (0xD0...0xD9).contains(marker) || marker == 1 ? 2 : 2 + Int(bytes[at + 2]) << 8 + Int(bytes[at + 3])
    }
    return scans
  }

  private struct Decoder {
    private let handle: tjhandle

    init() throws(ImageFault) {
      guard let handle = tjInitDecompress() else { throw ImageFault(reason: "libjpeg-turbo cannot start") }
      self.handle = handle
    }

    func close() { tjDestroy(handle) }

    private var fault: ImageFault { ImageFault(reason: String(cString: tjGetErrorStr2(handle))) }

    func header(_ file: ByteView) throws(ImageFault) -> (width: Int, height: Int, isCMYK: Bool) {
      var (width, height, sampling, space) = (Int32(0), Int32(0), Int32(0), Int32(0))
      let status = file.withBytes { bytes in
        tjDecompressHeader3(
          handle, bytes.bindMemory(to: UInt8.self).baseAddress, UInt(bytes.count), &width, &height, &sampling, &space)
      }
      guard status == 0, width > 0, height > 0 else { throw fault }
      let isCMYK = [TJCS_CMYK, TJCS_YCCK].contains { Int32($0.rawValue) == space }
      return (Int(width), Int(height), isCMYK)
    }

    func pixels(
      _ file: ByteView, _ width: Int, _ height: Int, _ format: TJPF, _ channels: Int
    ) throws(ImageFault) -> [UInt8] {
      var pixels = [UInt8](repeating: 0, count: channels * width * height)
      let status = file.withBytes { bytes in
        tjDecompress2(
          handle, bytes.bindMemory(to: UInt8.self).baseAddress, UInt(bytes.count), &pixels, Int32(width), 0,
          Int32(height), format.rawValue, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS)
      }
      // Warnings count too: a file cut short decodes to grey below the cut.
      guard status == 0 else { throw fault }
      return pixels
    }
  }
}
