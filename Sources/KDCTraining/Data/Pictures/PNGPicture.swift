import CLibPNG

/// libpng.
enum PNGPicture: PictureFormat {
  static let name = "PNG"
  static let endings = [".png"]

  static func begins(_ file: ByteView) -> Bool { file.starts(with: [0x89, 0x50, 0x4E, 0x47]) }

  static func size(_ file: ByteView) throws(ImageFault) -> (width: Int, height: Int) {
    var png = kdc_png()
    try read(file, &png, channels: 0, into: nil)
    return (Int(png.width), Int(png.height))
  }

  static func pixels(_ file: ByteView, _ width: Int, _ height: Int, _ channels: Int) throws(ImageFault) -> [UInt8] {
    var png = kdc_png()
    (png.width, png.height) = (UInt32(width), UInt32(height))
    var pixels = [UInt8](repeating: 0, count: channels * width * height)
    try read(file, &png, channels: channels, into: &pixels)
    return pixels
  }

  private static func read(
    _ file: ByteView, _ png: inout kdc_png, channels: Int, into pixels: UnsafeMutablePointer<UInt8>?
  ) throws(ImageFault) {
    let status = file.withBytes { bytes in
      png.data = bytes.bindMemory(to: UInt8.self).baseAddress
      png.size = bytes.count
      return kdc_png_read(&png, Int32(channels), pixels)
    }
    guard status == 0 else { return }
    throw ImageFault(reason: withUnsafePointer(to: png) { String(cString: kdc_png_message($0)) })
  }
}
