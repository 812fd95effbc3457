import CLibPNG
import KDCDiagnostics

extension Image {
  /// The image as PNG. Throws `InternalError` where libpng refuses it.
  package func png() throws -> [UInt8] {
    var image = png_image()
    defer { png_image_free(&image) }
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    image.width = png_uint_32(width)
    image.height = png_uint_32(height)
    // 0 is grey, 2 the flag of colour.
    image.format = channels == 1 ? 0 : 2
    var size = 0
    guard png_image_write_to_memory(&image, nil, &size, 0, pixels, 0, nil) != 0, size > 0 else {
      throw InternalError("a PNG of \(width)x\(height) pixels cannot be encoded")
    }
    var bytes = [UInt8](repeating: 0, count: size)
    guard png_image_write_to_memory(&image, &bytes, &size, 0, pixels, 0, nil) != 0 else {
      throw InternalError("a PNG of \(width)x\(height) pixels cannot be encoded")
    }
    return Array(bytes.prefix(size))
  }
}
