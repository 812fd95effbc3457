import CLibPNG
import KDCDiagnostics

/// Pixels as decoded: `channels` (1 grey, 3 RGB) of 8 bits, interleaved, rows from the top.
package struct Image: Sendable {
  package let width: Int
  package let height: Int
  package let channels: Int
  package let pixels: [UInt8]

  package init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// Decodes a PNG or JPEG file: pixels as they are stored, whatever they say of gamma and colour profiles. PNG of any kind
  /// is brought to 8 bits (16-bit values are divided by 257), transparency shown over black; CMYK becomes RGB; grey from
  /// colour is (299 R + 587 G + 114 B) / 1000. Throws `fileNotFound`, `unreadableImage`, `tooLarge`.
  package init(contentsOf path: String, channels: Int) throws(Diagnostic) {
    self = try PictureFile(path).decoded(channels: channels)
  }
}

/// A PNG or JPEG file of which the header has been read, and no pixel yet.
struct PictureFile {
  let path: String
  let width: Int
  let height: Int
  private let isPNG: Bool
  private let file: ByteView

  /// Throws `fileNotFound`, `unreadableImage`.
  init(_ path: String) throws(Diagnostic) {
    self.path = path
    file = ByteView(try Blob(mapping: path))
    do throws(ImageFault) {
      isPNG = file.starts(with: [0x89, 0x50, 0x4E, 0x47])
      if isPNG {
        (width, height) = try PNGDecoder.size(file)
      } else if file.starts(with: [0xFF, 0xD8]) {
        (width, height) = try JPEGDecoder.size(file)
      } else {
        let kind = file.withBytes { FileKind(head: $0.prefix(FileKind.headLength)) }
        throw ImageFault(reason: "it is neither PNG nor JPEG" + (kind.map { " but \($0.name)" } ?? ""))
      }
    } catch {
      throw error.diagnostic(path)
    }
  }

  /// Throws `unreadableImage`, and `tooLarge` before any memory is taken.
  func decoded(channels: Int) throws(Diagnostic) -> Image {
    // A file of some kilobytes can claim any size: as many pixels as several threads can hold, with what is made of them.
    let limit = min(1 << 26, MachineMemory.bytes / 64)
    guard width <= limit / max(height, 1) else {
      throw Diagnostic(
        .tooLarge, "the image claims \(width)x\(height) pixels, more than \(limit >> 20) million",
        at: Place(file: path),
        hint: "reduce or remove it: pictures are decoded whole")
    }
    do throws(ImageFault) {
      let pixels =
        try isPNG ? PNGDecoder.pixels(file, width, height, channels) : JPEGDecoder.pixels(file, width, height, channels)
      return Image(width: width, height: height, channels: channels, pixels: pixels)
    } catch {
      throw error.diagnostic(path)
    }
  }
}

/// What is wrong with a picture's content, before its file is known.
struct ImageFault: Error {
  var reason: String

  func diagnostic(_ path: String) -> Diagnostic {
    Diagnostic(
      .unreadableImage, "the image cannot be decoded: \(reason)", at: Place(file: path),
      hint: "repair or remove the file: every image of the folder is a sample")
  }
}

/// libpng.
private enum PNGDecoder {
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
