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

  /// Decodes a picture: pixels as they are stored, whatever they say of gamma and colour profiles, turned as EXIF says in
  /// JPEG. Every kind is brought to 8 bits (16-bit values are divided by 257), transparency shown over black; CMYK becomes
  /// RGB; grey from colour is (299 R + 587 G + 114 B) / 1000. Throws `fileNotFound`, `unreadableImage`, `tooLarge`.
  package init(contentsOf path: String, channels: Int) throws(Diagnostic) {
    self = try PictureFile(path).decoded(channels: channels)
  }
}

/// A kind of picture files.
protocol PictureFormat {
  static var name: String { get }
  /// Ends of file names, in lower case.
  static var endings: [String] { get }
  /// By its first bytes.
  static func begins(_ file: ByteView) -> Bool
  /// Width and height from the header, before any pixel is decoded.
  static func size(_ file: ByteView) throws(ImageFault) -> (width: Int, height: Int)
  /// Interleaved pixels of 1 or 3 channels, of a file with the size that the header gave.
  static func pixels(_ file: ByteView, _ width: Int, _ height: Int, _ channels: Int) throws(ImageFault) -> [UInt8]
}

/// A picture of which the header has been read, and no pixel yet.
struct PictureFile {
  static let formats: [any PictureFormat.Type] = [
    PNGPicture.self, JPEGPicture.self, BMPPicture.self, WebPPicture.self, TIFFPicture.self,
  ]
  /// "PNG, JPEG or …".
  static let kinds = formats.map { $0.name }.dropLast().joined(separator: ", ") + " or " + (formats.last?.name ?? "")

  let path: String
  let width: Int
  let height: Int
  private let format: any PictureFormat.Type
  private let file: ByteView

  /// Throws `fileNotFound`, `unreadableImage`.
  init(_ path: String) throws(Diagnostic) {
    self.path = path
    file = ByteView(try Blob(mapping: path))
    do throws(ImageFault) {
      let file = file
      guard let format = Self.formats.first(where: { $0.begins(file) }) else {
        let kind = file.withBytes { FileKind(head: $0.prefix(FileKind.headLength)) }
        throw ImageFault(reason: "it is no \(Self.kinds) file" + (kind.map { " but \($0.name)" } ?? ""))
      }
      self.format = format
      (width, height) = try format.size(file)
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
      let pixels = try format.pixels(file, width, height, channels)
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

/// Pixels of one kind from those of another.
enum Pixels {
  /// (299 R + 587 G + 114 B) / 1000, rounded.
  static func grey(_ red: Int, _ green: Int, _ blue: Int) -> UInt8 {
    UInt8((299 * red + 587 * green + 114 * blue + 500) / 1000)
  }

  /// One or three channels of `count` pixels with red, green, blue and alpha. Over black, unless alpha is in the colours.
  static func channels(
    _ channels: Int, ofRGBA rgba: UnsafeRawBufferPointer, count: Int, isPremultiplied: Bool = false
  ) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(count * channels)
    for start in stride(from: 0, to: min(rgba.count, 4 * count), by: 4) {
      let alpha = isPremultiplied ? 255 : Int(rgba[start + 3])
      func shown(_ index: Int) -> Int { (Int(rgba[start + index]) * alpha + 127) / 255 }
      if channels == 1 {
        result.append(grey(shown(0), shown(1), shown(2)))
      } else {
        for index in 0..<3 { result.append(UInt8(shown(index))) }
      }
    }
    return result
  }
}
