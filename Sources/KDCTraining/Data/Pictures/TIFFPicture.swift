import CLibTIFF

/// libtiff: the first picture of a file.
enum TIFFPicture: PictureFormat {
  static let name = "TIFF"
  static let endings = [".tif", ".tiff"]

  /// Before any file is opened.
  private static let isStarted: Bool = {
    kdc_tiff_start()
    return true
  }()

  static func begins(_ file: ByteView) -> Bool {
    file.starts(with: [0x49, 0x49, 0x2A, 0]) || file.starts(with: [0x4D, 0x4D, 0, 0x2A])
  }

  static func size(_ file: ByteView) throws(ImageFault) -> (width: Int, height: Int) {
    var tiff = kdc_tiff()
    try read(file, &tiff, into: nil)
    return (Int(tiff.width), Int(tiff.height))
  }

  static func pixels(_ file: ByteView, _ width: Int, _ height: Int, _ channels: Int) throws(ImageFault) -> [UInt8] {
    var tiff = kdc_tiff()
    (tiff.width, tiff.height) = (UInt32(width), UInt32(height))
    var rgba = [UInt32](repeating: 0, count: width * height)
    try read(file, &tiff, into: &rgba)
    return rgba.withUnsafeBytes { Pixels.channels(channels, ofRGBA: $0, count: width * height, isPremultiplied: true) }
  }

  private static func read(
    _ file: ByteView, _ tiff: inout kdc_tiff, into pixels: UnsafeMutablePointer<UInt32>?
  ) throws(ImageFault) {
    guard isStarted else { return }
    let isRead = file.withBytes { bytes in
      tiff.data = bytes.bindMemory(to: UInt8.self).baseAddress
      tiff.size = bytes.count
      return kdc_tiff_read_picture(&tiff, pixels) == 1
    }
    guard !isRead else { return }
    throw ImageFault(reason: withUnsafePointer(to: tiff) { String(cString: kdc_tiff_message($0)) })
  }
}
