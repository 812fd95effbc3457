import CLibWebP

/// libwebp.
enum WebPPicture: PictureFormat {
  static let name = "WebP"
  static let endings = [".webp"]

  static func begins(_ file: ByteView) -> Bool {
    file.withBytes { $0.count >= 12 && $0.starts(with: Array("RIFF".utf8)) && $0[8..<12].elementsEqual("WEBP".utf8) }
  }

  static func size(_ file: ByteView) throws(ImageFault) -> (width: Int, height: Int) {
    let features = try features(file)
    return (Int(features.width), Int(features.height))
  }

  static func pixels(_ file: ByteView, _ width: Int, _ height: Int, _ channels: Int) throws(ImageFault) -> [UInt8] {
    guard try size(file) == (width, height) else { throw ImageFault(reason: "the file has changed") }
    var rgba = [UInt8](repeating: 0, count: 4 * width * height)
    let isWhole = file.withBytes { bytes in
      WebPDecodeRGBAInto(
        bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, &rgba, rgba.count, Int32(4 * width)) != nil
    }
    guard isWhole else { throw ImageFault(reason: "its pixels end early or are damaged") }
    return rgba.withUnsafeBytes { Pixels.channels(channels, ofRGBA: $0, count: width * height) }
  }

  private static func features(_ file: ByteView) throws(ImageFault) -> WebPBitstreamFeatures {
    var features = WebPBitstreamFeatures()
    let status = file.withBytes { bytes in
      WebPGetFeatures(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, &features)
    }
    guard status == VP8_STATUS_OK else { throw ImageFault(reason: "its header ends early or is damaged") }
    guard features.has_animation == 0 else { throw ImageFault(reason: "it is an animation") }
    return features
  }
}
