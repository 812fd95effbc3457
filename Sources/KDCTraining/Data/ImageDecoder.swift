import CLibPNG
import CTurboJPEG
import KDCDiagnostics
import KDCTensor

/// Pixels as decoded: `channels` (1 grey, 3 RGB) of 8 bits, interleaved, rows from the top.
package struct Image: Sendable {
  package let width: Int
  package let height: Int
  package let channels: Int
  package let pixels: [UInt8]

  /// Most pixels of an image: larger ones are damaged headers rather than samples.
  static let pixelLimit = 1 << 27

  package init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// Decodes a PNG or JPEG file. PNG of any kind is brought to 8 bits, transparency shown over black; grey from colour
  /// is (299 R + 587 G + 114 B) / 1000. Throws `fileNotFound`, `unreadableImage`.
  package init(contentsOf path: String, channels: Int) throws(Diagnostic) {
    let file = ByteView(try Blob(mapping: path))
    do throws(ImageFault) {
      if file.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
        self = try Self.png(file, channels: channels)
      } else if file.starts(with: [0xFF, 0xD8]) {
        self = try Self.jpeg(file, channels: channels)
      } else {
        throw ImageFault(reason: "it is neither PNG nor JPEG")
      }
    } catch {
      throw Diagnostic(
        .unreadableImage, "cannot decode '\(path)': \(error.reason)", at: Place(file: path),
        hint: "repair or remove the file: every image of the folder is a sample")
    }
  }

  /// What is wrong with a file's content, before its name is known.
  private struct ImageFault: Error { var reason: String }

  private static func png(_ file: ByteView, channels: Int) throws(ImageFault) -> Image {
    var image = png_image()
    defer { png_image_free(&image) }
    guard file.withBytes({ kdc_png_begin(&image, $0.baseAddress, $0.count) }) != 0 else {
      throw ImageFault(reason: message(image))
    }
    // The bytes must stay where they are until the image is read: the blob is held by `file`.
    let (width, height) = (Int(image.width), Int(image.height))
    guard width * height <= pixelLimit else { throw ImageFault(reason: "it claims \(width)x\(height) pixels") }
    var rgba = [UInt8](repeating: 0, count: 4 * width * height)
    let isRead = withExtendedLifetime(file.blob) { kdc_png_finish(&image, &rgba) }
    // A warning leaves pixels that may not be the file's.
    guard isRead != 0, image.warning_or_error & 2 == 0 else { throw ImageFault(reason: message(image)) }
    var pixels = [UInt8](repeating: 0, count: channels * width * height)
    for index in 0..<(width * height) {
      let alpha = Int(rgba[4 * index + 3])
      func over(_ channel: Int) -> Int { (Int(rgba[4 * index + channel]) * alpha + 127) / 255 }
      let (red, green, blue) = (over(0), over(1), over(2))
      if channels == 1 {
        let sum = 299 * red + 587 * green + 114 * blue
        pixels[index] = UInt8((sum + 500) / 1000)
      } else {
        pixels[3 * index] = UInt8(red)
        pixels[3 * index + 1] = UInt8(green)
        pixels[3 * index + 2] = UInt8(blue)
      }
    }
    return Image(width: width, height: height, channels: channels, pixels: pixels)
  }

  private static func message(_ image: png_image) -> String {
    withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  private static func jpeg(_ file: ByteView, channels: Int) throws(ImageFault) -> Image {
    guard let decoder = tjInitDecompress() else { throw ImageFault(reason: "libjpeg-turbo cannot start") }
    defer { tjDestroy(decoder) }
    var (width, height, sampling, space) = (Int32(0), Int32(0), Int32(0), Int32(0))
    let header = file.withBytes { bytes in
      tjDecompressHeader3(
        decoder, bytes.bindMemory(to: UInt8.self).baseAddress, UInt(bytes.count), &width, &height, &sampling, &space)
    }
    guard header == 0, width > 0, height > 0 else { throw ImageFault(reason: String(cString: tjGetErrorStr2(decoder))) }
    guard Int(width) * Int(height) <= pixelLimit else {
      throw ImageFault(reason: "it claims \(width)x\(height) pixels")
    }
    var pixels = [UInt8](repeating: 0, count: channels * Int(width) * Int(height))
    let format = channels == 1 ? TJPF_GRAY : TJPF_RGB
    let status = file.withBytes { bytes in
      tjDecompress2(
        decoder, bytes.bindMemory(to: UInt8.self).baseAddress, UInt(bytes.count), &pixels, width, 0, height,
        Int32(format.rawValue), TJFLAG_ACCURATEDCT)
    }
    // Warnings count too: a file cut short decodes to grey below the cut.
    guard status == 0 else { throw ImageFault(reason: String(cString: tjGetErrorStr2(decoder))) }
    return Image(width: Int(width), height: Int(height), channels: channels, pixels: pixels)
  }
}
